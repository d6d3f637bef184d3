//! What reading costs in allocations; `cargo bench -p event` says what it costs in time.

use crate::wire::one;
use allocation_counter::measure;
use bytes::Bytes;
use event::http::{decode, encode};
use event::{Data, Event, Mode};
use http::HeaderMap;

/// An event with ten attributes, 1.3 kB as JSON.
fn usual() -> Event {
    let body = format!("{{\"text\":\"{}\"}}", "x".repeat(989));
    let attributes = [
        ("id", "0190c5e2-7c3b-7f43-9d1b-3b1b2f6d8a55"),
        ("source", "https://shop.example.com/orders"),
        ("type", "com.example.shop.order.created"),
        ("time", "2026-01-31T12:00:00.123456Z"),
        ("subject", "order-4711"),
        ("datacontenttype", "application/json"),
        ("partitionkey", "customer-42"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("dataschema", "https://shop.example.com/schemas/order"),
    ];
    let builder = attributes.iter().fold(Event::builder(), |builder, (name, value)| builder.set(name, value));
    builder.data(Data::Json(Bytes::from(body))).build().unwrap()
}

/// Allocations of reading the event in a mode, and the bytes of its body.
fn allocations(mode: Mode) -> (u64, usize) {
    let mut headers = HeaderMap::new();
    let body = encode(&usual(), mode, &mut headers);
    assert!(one(&headers, &body).is_ok());
    let mut read = None;
    let cost = measure(|| read = Some(decode(&headers, body.clone())));
    assert!(read.is_some_and(|read| read.is_ok()));
    (cost.count_total, body.len())
}

#[test]
fn a_structured_event_of_1_3_kb_is_read_with_fewer_than_ten_allocations() {
    let (count, bytes) = allocations(Mode::Structured);
    assert!((1300..1500).contains(&bytes), "{bytes}");
    assert!(count < 10, "{count}");
}

#[test]
fn a_binary_event_is_read_with_fewer_than_ten_allocations() {
    let (count, _) = allocations(Mode::Binary);
    assert!(count < 10, "{count}");
}
