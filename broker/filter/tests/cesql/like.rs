//! Section 3.4.3: patterns.

use super::gives;

#[test]
fn wildcards_stand_for_characters() {
    gives(
        "'Café' LIKE 'Caf_' => true
         'Café' LIKE '____' => true
         'Café' LIKE '_____' => false
         'abc' LIKE '%' => true
         '' LIKE '%' => true
         '' LIKE '%%' => true
         '' LIKE '_' => false
         '' LIKE '' => true
         'a' LIKE '' => false
         'ABC' LIKE 'abc' => false",
    );
}

#[test]
fn what_begins_and_what_ends_a_pattern_do_not_overlap() {
    gives(
        "'aba' LIKE 'ab%ba' => false
         'abba' LIKE 'ab%ba' => true
         'a' LIKE 'a%a' => false
         'aXbXc' LIKE 'a%b%c' => true
         'acb' LIKE 'a%b%c' => false
         'a--b-b' LIKE 'a%b' => true",
    );
}

#[test]
fn parts_between_are_found_as_far_left_as_they_go() {
    gives(
        "'xaab1c2y' LIKE '%a_b%b_y' => false
         'xaab2y' LIKE '%a_b%b_y' => false
         'xaabb2yb3y' LIKE '%a_b%b_y' => true
         'aaaaab' LIKE '%a_b' => true
         'ééaé' LIKE '%a_%' => true
         'ababac' LIKE '%abac%' => true",
    );
}

#[test]
fn a_backslash_takes_the_meaning_from_wildcards_and_from_nothing_else() {
    gives(
        r"'50%' LIKE '50\%' => true
          '500' LIKE '50\%' => false
          'a_b' LIKE 'a\_b' => true
          'a\b' LIKE 'a\b' => true
          '\abc' LIKE '\%' => false
          '%' LIKE '\%' => true
          '%a' LIKE '%' => true
          '_a' LIKE '_%' => true",
    );
}

#[test]
fn what_is_compared_becomes_text() {
    gives(
        "12345 LIKE '1%5' => true
         TRUE LIKE 't%' => true
         count LIKE '7' => true
         nothing NOT LIKE 'x' => false missingAttribute
         type NOT LIKE 'net.%' => true",
    );
}
