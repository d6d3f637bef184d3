//! The index says what each filter says by itself.
#![expect(clippy::unwrap_used, reason = "the helpers of a test are test code too")]

use event::Event;
use filter::{Filter, Index, Matches};
use proptest::prelude::*;

/// Few names and short values from few letters, so that prefixes nest and filters meet the same event.
const NAMES: [&str; 5] = ["type", "shop", "region", "till", "note"];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[abö]{0,4}",
        1 => "[ab]{2}".prop_map(|s| s.repeat(40)),
        1 => "[ab]{0,2}".prop_map(|s| s + &"a".repeat(64)),
    ]
}

fn comparison() -> impl Strategy<Value = Filter> {
    let name = prop::sample::select(&NAMES[..]).prop_map(str::to_owned);
    prop_oneof![
        4 => (name.clone(), text()).prop_map(|(n, v)| Filter::Exact(n, v)),
        2 => (name.clone(), text()).prop_map(|(n, v)| Filter::Prefix(n, v)),
        2 => (name.clone(), text()).prop_map(|(n, v)| Filter::Suffix(n, v)),
        1 => name.prop_map(Filter::Present),
    ]
}

fn any_filter() -> impl Strategy<Value = Filter> {
    comparison().prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Filter::All),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Filter::Any),
            inner.prop_map(|f| Filter::Not(Box::new(f))),
        ]
    })
}

fn any_event() -> impl Strategy<Value = Event> {
    prop::collection::vec(prop::option::of(text()), NAMES.len()).prop_map(|values| {
        let mut event = Event::builder().set("id", "1").set("source", "s").set("type", "t");
        for (name, value) in NAMES.iter().zip(values) {
            match (*name, value) {
                (_, None) => {}
                ("type", Some(value)) => event = event.set("type", &format!("a{value}")),
                (extension, Some(value)) => event = event.set(extension, &value),
            }
        }
        event.build().unwrap()
    })
}

fn found(index: &Index, event: &Event) -> Vec<u32> {
    let mut out = Matches { groups: vec![99], erred: vec![99] };
    index.matches(event, &mut out);
    assert!(out.erred.is_empty(), "only expressions err");
    out.groups.sort_unstable();
    out.groups
}

fn expected(filters: &[Option<Filter>], event: &Event) -> Vec<u32> {
    let passes = |f: &Option<Filter>| f.as_ref().is_some_and(|f| f.matches(event));
    (0u32..).zip(filters).filter(|(_, f)| passes(f)).map(|(i, _)| i).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn it_says_what_every_filter_says(
        filters in prop::collection::vec(any_filter(), 0..24),
        // What happens afterwards: a group goes, or gets another filter.
        changes in prop::collection::vec((0usize..24, prop::option::of(any_filter())), 0..24),
        events in prop::collection::vec(any_event(), 1..6),
    ) {
        let mut filters: Vec<_> = filters.into_iter().map(Some).collect();
        filters.resize(24, None);
        let mut index = Index::default();
        for (group, filter) in (0u32..).zip(&filters) {
            filter.iter().for_each(|f| index.insert(group, f));
        }
        for event in &events {
            prop_assert_eq!(found(&index, event), expected(&filters, event));
        }
        for (group, filter) in changes {
            match &filter {
                Some(filter) => index.insert(group as u32, filter),
                None => index.remove(group as u32),
            }
            filters[group] = filter;
        }
        for event in &events {
            prop_assert_eq!(found(&index, event), expected(&filters, event));
        }
    }

    #[test]
    fn the_explanation_agrees_with_the_answer(filter in any_filter(), event in any_event()) {
        let explanation = filter.explain(&event);
        prop_assert_eq!(explanation.matches, filter.matches(&event));
        prop_assert!(!explanation.reason.is_empty());
    }

    #[test]
    fn a_filter_survives_the_control_record(filter in any_filter()) {
        let bytes = serde_json::to_vec(&filter).unwrap();
        prop_assert_eq!(serde_json::from_slice::<Filter>(&bytes).unwrap(), filter);
    }
}

#[test]
fn the_deepest_filter_allowed_survives_the_control_record() {
    let mut filter = Filter::Present("type".to_owned());
    while filter.depth() < Filter::MAX_DEPTH {
        filter = Filter::Any(vec![filter]);
    }
    let bytes = serde_json::to_vec(&filter).unwrap();
    assert_eq!(serde_json::from_slice::<Filter>(&bytes).unwrap(), filter);
}
