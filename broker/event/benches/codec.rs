//! Microseconds per operation of each codec: `cargo bench -p event`.
//!
//! Two events: `small` has 256 bytes of payload, `usual` 1,000 (1.3 kB as JSON).

use bytes::Bytes;
use event::http::{decode, encode};
use event::{Data, Envelope, Event, EventBuilder, Mode, Record, Timestamp, json, record};
use http::HeaderMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

fn main() {
    println!("{:<8}{:<22}{:>10}", "event", "operation", "us");
    for (name, payload) in [("small", 256), ("usual", 1000)] {
        for (operation, time) in measure(&event(payload)) {
            println!("{name:<8}{operation:<22}{:>10.2}", time.as_secs_f64() * 1e6);
        }
    }
}

/// Ten attributes, as producers send them.
fn event(payload: usize) -> Event {
    let body = format!("{{\"text\":\"{}\"}}", "x".repeat(payload - 11));
    Event::builder()
        .set("id", "0190c5e2-7c3b-7f43-9d1b-3b1b2f6d8a55")
        .set("source", "https://shop.example.com/orders")
        .set("type", "com.example.shop.order.created")
        .set("time", "2026-01-31T12:00:00.123456Z")
        .set("subject", "order-4711")
        .set("datacontenttype", "application/json")
        .set("partitionkey", "customer-42")
        .set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .set("dataschema", "https://shop.example.com/schemas/order")
        .data(Data::Json(Bytes::from(body)))
        .build()
        .expect("it is valid")
}

fn measure(event: &Event) -> Vec<(&'static str, Duration)> {
    let written = |mode| {
        let mut headers = HeaderMap::new();
        let body = encode(event, mode, &mut headers);
        (headers, body)
    };
    let (binary, body) = written(Mode::Binary);
    let (structured, text) = written(Mode::Structured);
    let mut batch = Vec::new();
    json::encode_batch(std::iter::repeat_n(event, 100), &mut batch);
    let batch = Bytes::from(batch);
    let envelope = Envelope::accepted(255, Timestamp(1));
    let record = Record { envelope, event: event.clone() };
    let mut bytes = Vec::new();
    record::encode(&record, &mut bytes);
    let bytes = Bytes::from(bytes);
    let mut out = Vec::new();
    vec![
        ("binary decode", per_run(|| decode(&binary, body.clone()))),
        ("binary encode", per_run(|| encode(event, Mode::Binary, &mut HeaderMap::new()))),
        ("structured decode", per_run(|| decode(&structured, text.clone()))),
        ("structured encode", per_run(|| encode(event, Mode::Structured, &mut HeaderMap::new()))),
        ("batch member decode", per_run(|| json::decode_batch(&batch)) / 100),
        (
            "record encode",
            per_run(|| {
                out.clear();
                record::encode(&record, &mut out);
            }),
        ),
        ("record decode", per_run(|| record::decode(bytes.clone()))),
        ("get an extension", per_run(|| event.get("partitionkey").is_some())),
        ("rebuild", per_run(|| EventBuilder::from(event).build())),
    ]
}

/// The best of many short rounds: what the machine does besides only ever adds.
fn per_run<T>(mut run: impl FnMut() -> T) -> Duration {
    const RUNS: u32 = 50;
    let round = |_| {
        let start = Instant::now();
        for _ in 0..RUNS {
            black_box(run());
        }
        start.elapsed() / RUNS
    };
    (0..500).map(round).min().unwrap_or_default()
}
