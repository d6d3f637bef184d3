//! What is legal and hardly meant is said.

use super::parse;

#[track_caller]
fn advised(text: &str, wanted: &[(usize, &str, bool)]) {
    let expression = parse(text);
    let found = expression.advice();
    assert_eq!(found.len(), wanted.len(), "{text}: {found:?}");
    for (advice, (column, says, fatal)) in found.iter().zip(wanted) {
        assert_eq!((advice.place.column, advice.fatal), (*column, *fatal), "{text}: {advice:?}");
        assert!(advice.message.contains(says), "{text}: {advice:?}");
    }
}

#[test]
fn mixed_logic_without_brackets_once_a_chain() {
    advised("type = 'a' OR type = 'b' AND id = '1'", &[(26, "brackets", false)]);
    advised("TRUE AND TRUE OR TRUE AND TRUE XOR TRUE", &[(15, "brackets", false)]);
    advised("TRUE AND (TRUE OR TRUE)", &[]);
    advised("TRUE AND TRUE AND TRUE", &[]);
    advised("(TRUE AND TRUE OR TRUE) AND (TRUE OR TRUE XOR TRUE)", &[(16, "", false), (43, "", false)]);
}

#[test]
fn a_not_that_takes_less_than_it_seems_to() {
    advised("NOT type = 'a'", &[(1, "NOT (...)", false)]);
    advised("id = '1' AND NOT type LIKE 'a%'", &[(14, "NOT (...)", false)]);
    advised("NOT (type = 'a')", &[]);
    advised("(NOT paid) = TRUE", &[]);
    advised("NOT EXISTS subject AND NOT paid", &[]);
    advised("type NOT LIKE 'a%'", &[]);
}

#[test]
fn functions_that_nobody_knows_are_fatal() {
    advised("type = 'a' AND LENGHT(id) > 3", &[(16, "no function `LENGHT`; there are INT, ", true)]);
    advised(
        "CONCAT_WS() = SUBSTRING(type)",
        &[(1, "at least 1", true), (15, "2 to 3 arguments, not 1", true)],
    );
    advised("LEFT(type) = 'a'", &[(1, "`LEFT` takes 2 arguments, not 1", true)]);
}

#[test]
fn a_filter_that_is_never_true() {
    for (text, ty) in [("LENGTH(type)", "Integer"), ("'type = 1'", "String"), ("hop + 1", "Integer")] {
        let advice = parse(text).never_passes().unwrap();
        assert!(advice.message.contains(ty) && !advice.fatal, "{text}: {advice:?}");
    }
    for text in ["paid", "BOOL(hop)", "hop > 1", "NOT paid AND TRUE"] {
        assert_eq!(parse(text).never_passes(), None, "{text}");
    }
}
