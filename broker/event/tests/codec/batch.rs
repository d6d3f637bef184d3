//! Batch mode: all or nothing, and the refusal names the member.

use crate::wire::headers;
use bytes::Bytes;
use event::http::{DecodeError, Decoded, decode};
use event::{Mode, json};

fn member(id: &str) -> String {
    format!(r#"{{"specversion":"1.0","id":"{id}","source":"/s","type":"t","data":[1, 2]}}"#)
}

fn refused(batch: &str) -> String {
    let refused = json::decode_batch(&Bytes::copy_from_slice(batch.as_bytes())).unwrap_err().to_string();
    assert_eq!(refused.lines().count(), 1, "{refused}");
    refused
}

#[test]
fn members_come_in_their_order_and_go_as_they_came() {
    let batch = format!(" [{}, {}\n] ", member("a"), member("b"));
    let headers = headers(&[("content-type", "application/CloudEvents-Batch+json; charset=utf-8")]);
    let Ok(Decoded::Batch(events)) = decode(&headers, Bytes::from(batch)) else { panic!("it is a batch") };
    assert_eq!(events.iter().map(event::Event::id).collect::<Vec<_>>(), ["a", "b"]);
    assert!(events.iter().all(|e| e.mode() == Mode::Structured && e.data().bytes() == "[1, 2]"));
    let mut out = Vec::new();
    json::encode_batch(&events, &mut out);
    assert_eq!(json::decode_batch(&Bytes::from(out)).unwrap(), events);
}

#[test]
fn an_empty_batch_is_a_batch() {
    assert_eq!(json::decode_batch(&Bytes::from_static(b"[]")), Ok(Vec::new()));
    let mut out = Vec::new();
    json::encode_batch([], &mut out);
    assert_eq!(out, b"[]");
}

#[test]
fn one_invalid_member_refuses_all_and_is_named() {
    let empty = member("");
    assert_eq!(
        refused(&format!("[{},{empty}]", member("a"))),
        "batch member 1: attribute `id`: must not be empty"
    );
    assert_eq!(
        refused(&format!("[{empty},{}]", member("a"))),
        "batch member 0: attribute `id`: must not be empty"
    );
    assert!(refused(&format!("[{},1]", member("a"))).starts_with("batch member 1: the body is not as"));
    assert!(
        refused(&format!("[{},{{\"id\" 1}}]", member("a"))).starts_with("batch member 1: the body is not as")
    );
    assert!(refused("[[]]").starts_with("batch member 0: "));
}

#[test]
fn what_is_no_array_is_refused() {
    assert!(refused(&member("a")).contains("expected an array of events"));
    assert!(refused(&format!("[{}", member("a"))).contains("EOF"));
    assert!(
        refused(&format!("[{}] x", member("a")))
            .starts_with("the body is not as the JSON format wants it: trailing")
    );
    let utf8 = json::decode_batch(&Bytes::from_static(b"[\xff]"));
    assert!(matches!(utf8, Err(DecodeError::Invalid(rule)) if rule.contains("not UTF-8")));
}

#[test]
fn a_member_does_not_hold_the_batch_in_memory() {
    let batch = Bytes::from(format!("[{}]", member("a")));
    let events = json::decode_batch(&batch).unwrap();
    assert!(!batch.as_ptr_range().contains(&events[0].data().bytes().as_ptr()));
}
