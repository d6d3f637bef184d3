//! Section 2: what is an expression, and what is said of what is none.

use super::gives;
use filter::cesql::{Expression, SyntaxError};

fn error(text: &str) -> SyntaxError {
    text.parse::<Expression>().expect_err(text)
}

#[track_caller]
fn refused(text: &str, column: usize, says: &str) {
    let error = error(text);
    assert_eq!(error.place.column, column, "{text}: {error}");
    assert!(error.message.contains(says), "{text}: {error}");
}

#[test]
fn strings_have_two_kinds_of_quotes_and_escape_their_own() {
    gives(
        r#"'it\'s' => 'it's'
           "say \"hi\"" => 'say "hi"'
           'say "hi"' => 'say "hi"'
           'a\\b' => 'a\\b'
           'a\"b' => 'a\"b'
           LENGTH('a\\') => 3
           'a\n' => 'a\n'"#,
    );
}

#[test]
fn keywords_have_any_case() {
    gives("tRuE aNd NoT fAlSe => true\n 1 nOt In (2) => true\n 'a' lIkE 'a' => true");
}

#[test]
fn space_is_blanks_tabs_and_line_ends() {
    gives("1\t+\r2 => 3");
    assert!("1\n=\n1".parse::<Expression>().is_ok());
    refused("1 =\u{a0}1", 4, "begins nothing");
}

#[test]
fn errors_say_where_and_what_is_expected() {
    refused("", 1, "a value is expected here, the expression ends");
    refused("type = ", 7, "a value is expected here, the expression ends");
    refused("type == 'a'", 7, "a value (equality is one `=`) is expected here, found `=`");
    refused("ABC(", 5, "a value");
    refused("(1 + 2", 7, "`)` is expected");
    refused("1 + 2)", 6, "closes nothing");
    refused("1 2", 3, "an operator or the end is expected here, found `2`");
    refused("type = 'a", 8, "not closed");
    refused("type = \"a'", 8, "not closed");
    refused("é = 'x'", 1, "begins nothing");
    refused("'é' = #", 7, "`#` begins nothing");
    refused("x LIKE 123", 8, "a pattern in quotes");
    refused("x LIKE type", 8, "a pattern in quotes");
    refused("x IN ()", 7, "a value");
    refused("x IN 'a'", 6, "`(` and the values");
    refused("x NOT 'a'", 3, "an operator or the end");
    refused("EXISTS (x)", 8, "the name of an attribute");
    refused("EXISTS 5", 8, "the name of an attribute");
    refused("my_ext = 1", 1, "letters and digits");
    refused("abc1(2)", 1, "letters and `_`");
    refused("2147483648", 1, "32 bits");
    refused("- 2147483648", 3, "32 bits");
    refused("1 + + 2", 5, "a value is expected");
    refused("a = b AND", 10, "a value");
    refused("'it''s'", 5, "an operator or the end");
    refused("TRUE()", 5, "an operator");
}

#[test]
fn places_count_lines_and_characters() {
    let error = error("type = 'é'\n  AND ä");
    assert_eq!(error.to_string().split(": ").next().unwrap(), "line 2, column 7");
    assert_eq!(error.place.point_out("type = 'é'\n  AND ä"), "  AND ä\n      ^");
    let long = format!("{}#", " ".repeat(200));
    let pointed = self::error(&long).place.point_out(&long);
    assert!(pointed.lines().all(|line| line.chars().count() <= 101), "{pointed}");
    let caret = pointed.lines().nth(1).unwrap().find('^').unwrap();
    assert_eq!(pointed.lines().next().unwrap().chars().nth(caret), Some('#'));
}

#[test]
fn an_error_is_one_bounded_line() {
    for text in ["\u{1b}[31m", &"x".repeat(9000), "a\n\n#\n"] {
        let error = format!("{text} {text} =");
        let error = self::error(&error).to_string();
        assert!(error.lines().count() == 1 && error.len() < 400 && !error.contains('\u{1b}'), "{error}");
    }
}
