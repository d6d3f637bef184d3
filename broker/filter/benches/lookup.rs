//! Nanoseconds per lookup, and per filter loaded: `cargo bench -p filter --bench lookup`.

use event::Event;
use filter::{Filter, Index, Matches};
use std::hint::black_box;
use std::time::Instant;

const LOOKUPS: u32 = 1_000_000;

fn event() -> Event {
    let event = Event::builder()
        .set("id", "0f3c1d52-6d0f-4f0e-9d2e-1f2a3b4c5d6e")
        .set("source", "/shops/berlin/tills/7");
    let event = event.set("type", "com.example.shop.order.created.0").set("subject", "orders/4711");
    event
        .set("time", "2026-01-01T00:00:00Z")
        .set("datacontenttype", "application/json")
        .build()
        .expect("a valid event")
}

fn ty(i: u32) -> String {
    format!("com.example.shop.order.created.{i}")
}

/// A kind of filter: the one with number 0 matches the event, the others do not.
type Kind = (&'static str, fn(u32) -> Filter);

const KINDS: [Kind; 6] = [
    ("exact type", |i| Filter::Exact("type".to_owned(), ty(i))),
    ("exact type and source", |i| {
        Filter::All(vec![
            Filter::Exact("source".to_owned(), "/shops/berlin/tills/7".to_owned()),
            Filter::Exact("type".to_owned(), ty(i)),
        ])
    }),
    ("expression: type and more", |i| {
        let text = format!("type = '{}' AND subject LIKE 'orders/%'", ty(i));
        Filter::Cesql(text.parse().expect("an expression"))
    }),
    ("prefix of type", |i| Filter::Prefix("type".to_owned(), ty(i))),
    ("suffix of type", |i| Filter::Suffix("type".to_owned(), format!("created.{i}"))),
    ("any of two types", |i| {
        Filter::Any(vec![
            Filter::Exact("type".to_owned(), ty(i)),
            Filter::Exact("type".to_owned(), format!("x{i}")),
        ])
    }),
];

fn main() {
    println!("{:<28}{:>10}{:>12}{:>14}", "filters", "number", "ns/lookup", "ns/insert");
    for (name, filter) in KINDS {
        for number in [1, 100, 10_000] {
            measure(name, filter, number);
        }
    }
}

fn measure(name: &str, filter: fn(u32) -> Filter, number: u32) {
    let filters: Vec<_> = (0..number).map(filter).collect();
    let mut index = Index::default();
    let start = Instant::now();
    for (group, filter) in (0..).zip(&filters) {
        index.insert(group, filter);
    }
    let insert = start.elapsed() / number;
    let event = event();
    let mut out = Matches::default();
    let start = Instant::now();
    for _ in 0..LOOKUPS {
        index.matches(black_box(&event), &mut out);
        assert_eq!(black_box(&out).groups.len(), 1, "filter 0 matches and no other");
    }
    let lookup = start.elapsed() / LOOKUPS;
    println!("{name:<28}{number:>10}{:>12}{:>14}", lookup.as_nanos(), insert.as_nanos());
}
