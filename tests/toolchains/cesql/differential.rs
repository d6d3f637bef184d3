//! Ours and the SDK's engine beside each other. Where they differ `docs/filters.md` says why, by the specification.

use super::questions::Chance;
use super::{Answer, Question, our_words, ours, theirs};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const QUESTIONS: usize = 20_000;
const SEED: u64 = 0x5EED_CE5C;

fn event() -> Value {
    json!({ "specversion": "1.0", "id": "1", "source": "HTTP://A.example/", "type": "t", "time": "2026-01-01T00:00:00.000Z" })
}

/// Every difference that is known: an expression, our answer, the SDK's, and the section that decides.
fn known() -> Vec<(&'static str, Answer, Answer, &'static str)> {
    fn a(value: impl Into<Value>, error: &str) -> Answer {
        Answer::new(value, error)
    }
    vec![
        ("NOT 10", a(true, "cast"), a(false, ""), "the specification's test suite"),
        ("2147483647 + 1", a(0, "math"), a(i32::MIN, ""), "3.1: an Integer has 32 bits"),
        ("0 - -2147483648", a(0, "math"), a(i32::MIN, ""), "3.1"),
        ("65536 * 65536", a(0, "math"), a(0, ""), "3.1"),
        ("-2147483648 / -1", a(0, "math"), a(i32::MIN, ""), "3.1"),
        ("- ( -2147483648 )", a(0, "math"), a(i32::MIN, ""), "3.1"),
        ("INT('2147483648')", a(0, "cast"), a(i32::MAX, "cast"), "3.7: String to Integer"),
        ("LENGTH('café')", a(4, ""), a(5, ""), "3.5.1: characters"),
        ("LEFT('éa', 1)", a("é", ""), a("\u{fffd}", ""), "3.5.1: characters"),
        ("RIGHT('aé', 1)", a("é", ""), a("\u{fffd}", ""), "3.5.1: characters"),
        ("SUBSTRING('éa', 2)", a("a", ""), a("\u{fffd}a", ""), "3.5.1: characters"),
        (
            "SUBSTRING('abc', 1, -1)",
            a("", "functionEvaluation"),
            a(Value::Null, "panic"),
            "3.5.1: negative len",
        ),
        ("SUBSTRING('abc', 0, -1)", a("", "functionEvaluation"), a("", ""), "3.5.1: negative len"),
        ("UPPER('ß')", a("SS", ""), a("ß", ""), "3.5.1: uppercase, as Unicode has it"),
        ("'é' LIKE '_'", a(true, ""), a(false, ""), "3.4.3: a character"),
        ("'%a' LIKE '%'", a(true, ""), a(false, ""), "3.4.3: any number of characters"),
        (r"'\a' LIKE '\%'", a(false, ""), a(true, ""), "3.4.3: an escaped wildcard is itself"),
        ("4-1", a(3, ""), a(false, "parse"), "2.3: a binary operator needs no space"),
        ("4 -1", a(3, ""), a(false, "parse"), "2.3"),
        ("'it''s' = ''", a(false, "parse"), a(false, ""), "2.2: a quote is escaped by a backslash"),
        ("1 = # 1", a(false, "parse"), a(true, ""), "2: `#` is no part of the grammar"),
        ("time", a("2026-01-01T00:00:00.000Z", ""), a("2026-01-01T00:00:00Z", ""), "3.2: the event's value"),
        ("source", a("HTTP://A.example/", ""), a("http://A.example/", ""), "3.2: the event's value"),
        ("EXISTS datacontenttype", a(true, ""), a(false, ""), "the JSON format, 3: it is implied"),
    ]
}

#[test]
fn the_known_differences_are_these() {
    let known = known();
    let question = |expression: &str| Question { expression: expression.to_owned(), event: event() };
    let questions: Vec<_> = known.iter().map(|(expression, ..)| question(expression)).collect();
    for ((known, ours), theirs) in known.iter().zip(ours(&questions)).zip(theirs(&questions)) {
        let (expression, we_say, they_say, _) = known;
        assert_eq!((we_say, they_say), (&ours, &theirs), "{expression}");
    }
}

#[test]
fn whatever_else_is_asked_both_answer_the_same() {
    let mut chance = Chance::new(SEED);
    let questions: Vec<_> = (0..QUESTIONS).map(|_| chance.question()).collect();
    let folder = tempfile::tempdir().unwrap();
    let (mut same, mut values) = (0, BTreeMap::<_, usize>::new());
    let mut explained = BTreeMap::<_, usize>::new();
    let mut unexplained = Vec::new();
    for ((question, ours), theirs) in questions.iter().zip(ours(&questions)).zip(theirs(&questions)) {
        *values.entry(ours.error.clone().unwrap_or_default()).or_default() += 1;
        if ours == theirs {
            same += 1;
            continue;
        }
        match reason(question, &ours, &theirs, || our_words(question, folder.path())) {
            Some(why) => *explained.entry(why).or_default() += 1,
            None => unexplained.push((question, ours, theirs)),
        }
    }
    eprintln!("{QUESTIONS} questions, {same} the same; errors {values:?}; differences {explained:?}");
    assert!(
        unexplained.is_empty(),
        "{} of them, as {:#?}",
        unexplained.len(),
        &unexplained[..unexplained.len().min(5)]
    );
    // The questions are worth asking: values of every kind of error, and more values than errors of one kind.
    assert!(values.len() == 7 && values[""] > QUESTIONS / 5, "{values:?}");
}

/// Which of the known differences this one is. Our own words tell errors of one kind apart.
fn reason(
    question: &Question,
    ours: &Answer,
    theirs: &Answer,
    words: impl Fn() -> String,
) -> Option<&'static str> {
    let text = &question.expression;
    let touching_sign = text.as_bytes().windows(2).any(|two| matches!(two, [b'+' | b'-', b'0'..=b'9']));
    if theirs.erred("parse") {
        return (!ours.erred("parse") && touching_sign).then_some("a sign that touches its digits");
    }
    if ours.erred("math") && words().contains("leaves the range of 32 bits") {
        return Some("overflow");
    }
    if ours.erred("cast") && theirs.erred("cast") && text.to_uppercase().contains("INT (") {
        return Some("the value of an integer that does not fit");
    }
    if ours.erred("cast") && words().contains("`NOT` takes a Boolean") {
        return Some("NOT of an integer");
    }
    if ours.erred("functionEvaluation") && text.to_uppercase().contains("SUBSTRING") {
        return Some("a negative length");
    }
    text.contains("café").then_some("characters")
}
