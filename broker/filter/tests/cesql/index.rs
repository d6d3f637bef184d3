//! The index finds expressions by what they imply, and says what each says by itself.

use event::{Event, EventBuilder, Kind};
use filter::cesql::Expression;
use filter::{Filter, Index, Matches};
use proptest::prelude::*;

/// Values that casts take for each other.
const TEXTS: [&str; 10] = ["5", "05", "+5", "true", "TRUE", "a", "ab", "abc", "", "1"];
const NAMES: [&str; 4] = ["type", "a", "b", "c"];

fn literal() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(&TEXTS[..]).prop_map(|text| format!("'{text}'")),
        1 => Just("5".to_owned()),
        1 => Just("TRUE".to_owned()),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(&NAMES[..]).prop_map(str::to_owned)
}

fn comparison() -> impl Strategy<Value = String> {
    let pattern = prop::sample::select(&["a%", "%b", "a%c", "abc", "%", "_b%", "%5", "tru%"][..]);
    let operator = || prop::sample::select(&["=", "!=", "<"][..]);
    prop_oneof![
        3 => (name(), operator(), literal()).prop_map(|(n, o, l)| format!("{n} {o} {l}")),
        2 => (literal(), operator(), name()).prop_map(|(l, o, n)| format!("{l} {o} {n}")),
        1 => (name(), name()).prop_map(|(a, b)| format!("{a} = {b}")),
        2 => (name(), pattern, any::<bool>()).prop_map(|(n, p, not)| {
            format!("{n} {} '{p}'", if not { "NOT LIKE" } else { "LIKE" })
        }),
        2 => (name(), prop::collection::vec(literal(), 1..3), any::<bool>()).prop_map(|(n, set, not)| {
            format!("{n} {} ({})", if not { "NOT IN" } else { "IN" }, set.join(", "))
        }),
        1 => name().prop_map(|n| format!("EXISTS {n}")),
        1 => name(),
    ]
}

fn expression() -> impl Strategy<Value = Expression> {
    let text = comparison().prop_recursive(4, 24, 5, |inner| {
        let operator = prop::sample::select(&[" AND ", " OR ", " XOR "][..]);
        prop_oneof![
            4 => prop::collection::vec((inner.clone(), operator), 2..5).prop_map(|parts| {
                let last = parts[parts.len() - 1].0.clone();
                let chain: String = parts.into_iter().map(|(part, operator)| format!("({part}){operator}")).collect();
                chain + &last
            }),
            1 => inner.prop_map(|part| format!("NOT ({part})")),
        ]
    });
    text.prop_map(|text| text.parse().unwrap_or_else(|error| panic!("{text}: {error}")))
}

fn attribute() -> impl Strategy<Value = Option<(&'static str, Kind)>> {
    prop::option::of(prop_oneof![
        4 => prop::sample::select(&TEXTS[..]).prop_map(|text| (text, Kind::String)),
        1 => Just(("5", Kind::Integer)),
        1 => Just(("true", Kind::Boolean)),
    ])
}

fn any_event() -> impl Strategy<Value = Event> {
    prop::collection::vec(attribute(), NAMES.len()).prop_map(|values| {
        let event = Event::builder().set("id", "1").set("source", "s").set("type", "t");
        let set = |event: EventBuilder, (name, value): (&&str, Option<(&str, Kind)>)| match (*name, value) {
            ("type", Some((text, _))) if !text.is_empty() => event.set("type", text),
            ("type", _) | (_, None) => event,
            (name, Some((text, kind))) => event.set_kind(name, text, kind),
        };
        NAMES.iter().zip(values).fold(event, set).build().unwrap()
    })
}

fn found(index: &Index, event: &Event) -> Matches {
    let mut found = Matches::default();
    index.matches(event, &mut found);
    found.groups.sort_unstable();
    found.erred.sort_unstable();
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn it_says_what_every_expression_says(
        expressions in prop::collection::vec(expression(), 1..16),
        events in prop::collection::vec(any_event(), 1..6),
    ) {
        let mut index = Index::default();
        for (group, expression) in (0u32..).zip(&expressions) {
            index.insert(group, &Filter::Cesql(expression.clone()));
        }
        for event in &events {
            let found = found(&index, event);
            let passes = |e: &Expression| Filter::Cesql(e.clone()).matches(event);
            let expected: Vec<u32> =
                (0u32..).zip(&expressions).filter(|(_, e)| passes(e)).map(|(group, _)| group).collect();
            prop_assert_eq!(&found.groups, &expected);
            for erred in found.erred {
                prop_assert!(!passes(&expressions[erred as usize]));
            }
        }
        for group in 0..expressions.len() {
            index.remove(group as u32);
        }
        prop_assert!(events.iter().all(|event| found(&index, event).groups.is_empty()));
    }

    #[test]
    fn the_explanation_agrees_and_the_text_is_the_expression(expression in expression(), event in any_event()) {
        let filter = Filter::Cesql(expression);
        let explanation = filter.explain(&event);
        prop_assert_eq!(explanation.matches, filter.matches(&event));
        let json = serde_json::to_string(&filter).unwrap();
        prop_assert_eq!(serde_json::from_str::<Filter>(&json).unwrap(), filter);
    }
}

fn index_of(expressions: &[&str]) -> Index {
    let mut index = Index::default();
    for (group, text) in (0u32..).zip(expressions) {
        index.insert(group, &Filter::Cesql(text.parse().unwrap()));
    }
    index
}

/// An expression that errs about the event shows that it was asked.
#[test]
fn expressions_that_another_key_leads_to_are_not_asked() {
    let event = Event::builder().set("id", "1").set("source", "s").set("type", "t").build().unwrap();
    let asked = |text: &str| !found(&index_of(&[text]), &event).erred.is_empty();
    for text in [
        "type = 'x' AND nothing = 1",
        "nothing = 1 AND type = 'x'",
        "'x' = type AND nothing = 1",
        "type LIKE 'x%' AND nothing = 1",
        "type LIKE '%x' AND nothing = 1",
        "type IN ('x', 'y', 5) AND nothing = 1",
        "(type = 'x' OR type = 'y') AND nothing = 1",
        "type = 'x' AND (nothing = 1 OR TRUE)",
        "(type = 'x' XOR type = 'y') AND nothing = 1",
        "EXISTS subject AND nothing = 1",
    ] {
        assert!(!asked(text), "{text}");
    }
    for text in [
        "type = 't' AND nothing = 1",
        "type != 'x' AND nothing = 1",
        "NOT (type = 'x') AND nothing = 1",
        "type IN ('x', id, 't') AND nothing = 1",
        "type LIKE '%' AND nothing = 1",
    ] {
        assert!(asked(text), "{text}");
    }
}

#[test]
fn one_that_errs_or_is_no_boolean_is_noted_once_and_does_not_match() {
    let event = Event::builder().set("id", "1").set("source", "s").set("type", "t").build().unwrap();
    let found = found(&index_of(&["type IN ('t', 't') AND nothing = 1", "LENGTH(type)", "TRUE"]), &event);
    assert_eq!((found.erred, found.groups), (vec![0, 1], vec![2]));
}
