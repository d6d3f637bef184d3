//! Section 3.5: functions. Strings are counted in characters.

use super::gives;

#[test]
fn names_have_any_case_and_a_space_may_follow() {
    gives("aBs (-5) => 5\n concat_ws ('-', 1, 2) => '1-2'");
}

#[test]
fn a_function_that_does_not_exist_gives_false() {
    gives(
        "NOSUCH() => false missingFunction
         ABS() => false missingFunction
         ABS(1, 2) => false missingFunction
         CONCAT_WS() => false missingFunction
         NOSUCH(1 / 0) => false missingFunction
         LENGTH(NOSUCH()) => 0 missingFunction",
    );
}

#[test]
fn abs_of_the_smallest_integer_is_the_greatest_with_an_error() {
    gives("ABS(-2147483648) => 2147483647 math\n ABS(-2147483648) + 1 => 0 math\n ABS('-3') => 3");
}

#[test]
fn length_counts_characters() {
    gives(
        "LENGTH('Café') => 4\n LENGTH('') => 0\n LENGTH(true) => 4\n LENGTH('👩‍🚀') => 3\n LENGTH(shop) => 4",
    );
}

#[test]
fn concatenation() {
    gives(
        "CONCAT() => ''
         CONCAT('a', 1, true) => 'a1true'
         CONCAT_WS(', ') => ''
         CONCAT_WS(', ', 'a') => 'a'
         CONCAT_WS(1, 'a', 'b', '') => 'a1b1'
         CONCAT('a', nothing) => '' missingAttribute",
    );
}

#[test]
fn cases_and_spaces_are_those_of_unicode() {
    gives(
        "LOWER('ÀB') => 'àb'
         UPPER('straße') => 'STRASSE'
         LOWER('abc') => 'abc'
         UPPER(type) => 'COM.SHOP.ORDER'
         TRIM('\u{2003} a b\t') => 'a b'
         TRIM('\u{7}a') => '\u{7}a'",
    );
}

#[test]
fn left_and_right() {
    gives(
        "LEFT('Café', 4) => 'Café'
         LEFT('Café', 9) => 'Café'
         LEFT('éa', 1) => 'é'
         RIGHT('Café', 1) => 'é'
         RIGHT('Café', 0) => ''
         RIGHT('Café', 9) => 'Café'
         LEFT('Café', -1) => 'Café' functionEvaluation
         RIGHT('Café', -1) => 'Café' functionEvaluation
         LEFT('abc', 'x') => '' cast
         CONCAT(LEFT('abc', -1)) => '' functionEvaluation",
    );
}

#[test]
fn substring() {
    gives(
        "SUBSTRING('aéiou', 2) => 'éiou'
         SUBSTRING('aéiou', -4) => 'éiou'
         SUBSTRING('aéiou', 2, 2) => 'éi'
         SUBSTRING('aéiou', -4, 2) => 'éi'
         SUBSTRING('aéiou', 5, 100) => 'u'
         SUBSTRING('aéiou', 0) => ''
         SUBSTRING('aéiou', 1, 0) => ''
         SUBSTRING('aéiou', 5) => 'u'
         SUBSTRING('aéiou', 6) => '' functionEvaluation
         SUBSTRING('aéiou', -5) => 'aéiou'
         SUBSTRING('aéiou', -6) => '' functionEvaluation
         SUBSTRING('aéiou', 2, -1) => '' functionEvaluation
         SUBSTRING('aéiou', 0, -1) => '' functionEvaluation
         SUBSTRING('', 1) => '' functionEvaluation
         SUBSTRING('abc', -2147483648) => '' functionEvaluation
         SUBSTRING(12345, '2', true) => '2'",
    );
}
