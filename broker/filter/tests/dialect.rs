//! What each dialect means, and how its answer is explained.
#![expect(clippy::unwrap_used, reason = "the helpers of a test are test code too")]

use event::Event;
use filter::Filter;

fn event() -> Event {
    let event = Event::builder().set("id", "1").set("source", "/shop").set("type", "com.shop.order.created");
    event.set("note", "").set("region", "eu").build().unwrap()
}

fn exact(name: &str, value: &str) -> Filter {
    Filter::Exact(name.to_owned(), value.to_owned())
}

fn prefix(name: &str, value: &str) -> Filter {
    Filter::Prefix(name.to_owned(), value.to_owned())
}

fn suffix(name: &str, value: &str) -> Filter {
    Filter::Suffix(name.to_owned(), value.to_owned())
}

fn present(name: &str) -> Filter {
    Filter::Present(name.to_owned())
}

fn not(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

#[track_caller]
fn passes(filter: &Filter, wanted: bool) {
    assert_eq!(filter.matches(&event()), wanted, "{filter:?}");
}

#[test]
fn comparisons_are_case_sensitive_and_of_the_whole_value() {
    passes(&exact("region", "eu"), true);
    passes(&exact("region", "EU"), false);
    passes(&exact("region", "e"), false);
    passes(&prefix("type", "com.shop."), true);
    passes(&prefix("type", "shop."), false);
    passes(&suffix("type", ".created"), true);
    passes(&suffix("type", ".Created"), false);
}

#[test]
fn a_missing_attribute_fails_every_comparison() {
    for filter in [exact("shard", ""), prefix("shard", ""), suffix("shard", ""), present("shard")] {
        passes(&filter, false);
    }
}

#[test]
fn the_legacy_empty_string_wants_a_value_that_is_not_empty() {
    passes(&present("region"), true);
    passes(&present("note"), false);
}

#[test]
fn lists_and_their_empty_ones() {
    passes(&Filter::everything(), true);
    passes(&Filter::Any(vec![]), false);
    passes(&Filter::All(vec![exact("region", "eu"), exact("type", "x")]), false);
    passes(&Filter::Any(vec![exact("type", "x"), exact("region", "eu")]), true);
    passes(&not(exact("region", "eu")), false);
    passes(&not(exact("shard", "1")), true);
}

#[test]
fn depth_counts_levels() {
    assert_eq!(exact("a", "b").depth(), 1);
    assert_eq!(Filter::everything().depth(), 1);
    assert_eq!(Filter::All(vec![exact("a", "b"), not(Filter::Any(vec![present("c")]))]).depth(), 4);
}

#[track_caller]
fn explains(filter: &Filter, wanted: &str) {
    assert_eq!(filter.explain(&event()).to_string(), wanted);
}

#[test]
fn a_comparison_in_the_list_is_explained_by_itself() {
    explains(
        &Filter::All(vec![exact("region", "eu"), exact("type", "a.c")]),
        "`type` is `com.shop.order.created`, wanted exactly `a.c`",
    );
    explains(&exact("shard", "1"), "`shard` is not set, wanted exactly `1`");
    explains(&present("note"), "`note` is empty, wanted any value");
    explains(&prefix("region", "u"), "`region` is `eu`, wanted a value starting with `u`");
    explains(&suffix("region", "s"), "`region` is `eu`, wanted a value ending with `s`");
}

#[test]
fn a_nested_part_is_named_by_its_place() {
    let any = Filter::Any(vec![exact("region", "us"), prefix("type", "com.shop.")]);
    explains(
        &Filter::All(vec![any]),
        "filters[0].any[1].prefix.type: `type` is `com.shop.order.created`, wanted a value starting with `com.shop.`",
    );
    let map = Filter::All(vec![exact("region", "eu"), exact("shard", "7")]);
    explains(
        &Filter::All(vec![present("type"), map.clone()]),
        "filters[1].exact.shard: `shard` is not set, wanted exactly `7`",
    );
    explains(
        &not(Filter::All(vec![present("region"), prefix("region", "e")])),
        "filters[0].not: excluded by `not`: `region` is `eu`, wanted any value; \
         `region` is `eu`, wanted a value starting with `e`",
    );
    explains(
        &not(exact("region", "us")),
        "filters[0].not.exact.region: not excluded by `not`: `region` is `eu`, wanted exactly `us`",
    );
}

#[test]
fn lists_that_agree_are_summed_up() {
    let any = |n: usize| Filter::Any((0..n).map(|i| exact("region", &format!("r{i}"))).collect());
    explains(&any(1), "filters[0].any[0].exact.region: `region` is `eu`, wanted exactly `r0`");
    explains(
        &any(5),
        "filters[0].any: `region` is `eu`, wanted exactly `r0`; `region` is `eu`, wanted exactly `r1`; \
         `region` is `eu`, wanted exactly `r2`; and 2 more",
    );
    explains(&Filter::everything(), "nothing is asked for, so every event matches");
    explains(&Filter::Any(vec![]), "filters[0].any: `any` of nothing matches no event");
}

#[test]
fn long_values_are_cut() {
    let reason = exact("region", &"ö".repeat(1000)).explain(&event()).reason;
    assert!(reason.ends_with(&format!("`{}...`", "ö".repeat(80))), "{reason}");
}
