//! CESQL 1.0, rule by rule. The specification's own test suite is run by the crate `tests`.
#![expect(clippy::unwrap_used, reason = "the helpers of a test are test code too")]

mod advice;
mod attributes;
mod bounds;
mod casts;
mod explained;
mod functions;
mod index;
mod like;
mod operators;
mod precedence;
mod syntax;

use event::{Event, Kind};
use filter::cesql::{Expression, Value};

/// What an event has that most rules need.
fn event() -> Event {
    let event = Event::builder().set("id", "1").set("source", "/shops/7").set("type", "com.shop.order");
    let event = event.set("hop", "5").set("note", "").set("shop", "Café");
    event.set_kind("count", "7", Kind::Integer).set_kind("paid", "true", Kind::Boolean).build().unwrap()
}

fn parse(text: &str) -> Expression {
    text.parse().unwrap_or_else(|error| panic!("`{text}`: {error}"))
}

/// `value`, or `value error`, of an expression.
fn outcome(text: &str) -> String {
    let (expression, event) = (parse(text), event());
    let (value, fault) = expression.evaluate(&event);
    let value = match value {
        Value::String(text) => format!("'{text}'"),
        other => other.to_string(),
    };
    match fault {
        None => value,
        Some(fault) => format!("{value} {}", fault.kind().name()),
    }
}

/// Each line: an expression, `=>`, what it gives.
#[track_caller]
fn gives(cases: &str) {
    let mut count = 0;
    for line in cases.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (text, wanted) = line.rsplit_once("=>").unwrap();
        assert_eq!(outcome(text.trim()), wanted.trim(), "{text}");
        count += 1;
    }
    assert!(count > 0);
}
