//! Nanoseconds to evaluate an expression, and to parse it: `cargo bench -p filter --bench expression`.

use event::Event;
use filter::cesql::Expression;
use std::hint::black_box;
use std::time::Instant;

const EVALUATIONS: u32 = 2_000_000;
const PARSES: u32 = 20_000;

const EXPRESSIONS: [&str; 8] = [
    "type = 'com.example.shop.order.created'",
    "type = 'com.example.shop.order.created' AND INT(priority) > 5",
    "source LIKE '/shops/%' AND subject LIKE 'orders/4_11'",
    "region IN ('us', 'ap', 'sa', 'eu')",
    "EXISTS subject AND NOT EXISTS nothing",
    "nothing = 'x'",
    "LOWER(region) = 'eu' AND SUBSTRING(subject, 8) = '4711'",
    "CONCAT(region, '-', priority) = 'eu-7'",
];

fn event() -> Event {
    let event = Event::builder().set("id", "0f3c1d52-6d0f-4f0e-9d2e-1f2a3b4c5d6e");
    let event = event.set("source", "/shops/berlin/tills/7").set("type", "com.example.shop.order.created");
    let event = event.set("subject", "orders/4711").set("time", "2026-01-01T00:00:00Z");
    event.set("region", "eu").set("priority", "7").build().expect("a valid event")
}

fn main() {
    let event = event();
    println!("{:<64}{:>12}{:>10}", "expression", "ns/evaluate", "ns/parse");
    for text in EXPRESSIONS {
        let start = Instant::now();
        for _ in 0..PARSES {
            black_box(black_box(text).parse::<Expression>().is_ok());
        }
        let parse = start.elapsed() / PARSES;
        let expression: Expression = text.parse().expect("an expression");
        let start = Instant::now();
        for _ in 0..EVALUATIONS {
            black_box(expression.evaluate(black_box(&event)));
        }
        let evaluate = start.elapsed() / EVALUATIONS;
        println!("{text:<64}{:>12}{:>10}", evaluate.as_nanos(), parse.as_nanos());
    }
}
