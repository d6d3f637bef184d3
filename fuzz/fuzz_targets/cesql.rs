#![no_main]
//! Any text as an expression, about any event: it is parsed or refused in one line, and whatever is asked of it
//! is answered in bounded time without a panic.
//!
//! The first line is the expression; each further one `name value` or `name#integer` sets an attribute of the event.

use event::{Event, Kind};
use filter::cesql::{Expression, Value};
use filter::{Filter, Index, Matches};

libfuzzer_sys::fuzz_target!(|text: &str| {
    // Expressions of several lines are written with a form feed.
    let (expression, attributes) = text.split_once('\n').unwrap_or((text, ""));
    let expression = expression.replace('\u{c}', "\n");
    match expression.parse::<Expression>() {
        Ok(parsed) => ask(&parsed, &event(attributes)),
        Err(error) => {
            fuzz::is_one_line(&error);
            assert!(error.place.point_out(&expression).lines().count() == 2, "{expression:?}");
        }
    }
});

/// What is no attribute is left out.
fn event(attributes: &str) -> Event {
    let mut event = Event::builder().set("id", "1").set("source", "s").set("type", "t");
    for line in attributes.lines().take(64) {
        let next = match (line.split_once(' '), line.split_once('#')) {
            (Some((name, value)), _) => event.clone().set(name, value),
            (None, Some((name, value))) => event.clone().set_kind(name, value, Kind::Integer),
            (None, None) => continue,
        };
        if next.clone().build().is_ok() {
            event = next;
        }
    }
    event.build().expect("only what builds is set")
}

fn ask(expression: &Expression, event: &Event) {
    let (value, fault) = expression.evaluate(event);
    if let Some(fault) = &fault {
        fuzz::is_one_line(&expression.describe(fault));
    }
    let passes = fault.is_none() && value == Value::Boolean(true);
    let filter = Filter::Cesql(expression.clone());
    assert_eq!(filter.matches(event), passes, "{expression:?} {event:?}");
    assert_eq!(filter.explain(event).matches, passes, "{expression:?} {event:?}");
    fuzz::is_one_line(&filter.explain(event));
    let mut index = Index::default();
    index.insert(1, &filter);
    let mut found = Matches::default();
    index.matches(event, &mut found);
    assert_eq!(found.groups == [1], passes, "{expression:?} {event:?}");
    let stored = serde_json::to_vec(&filter).expect("a filter is JSON");
    assert_eq!(serde_json::from_slice::<Filter>(&stored).ok().as_ref(), Some(&filter));
}
