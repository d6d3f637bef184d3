//! Which answers claim to be events.

use crate::wire::{headers, minimal};
use bytes::Bytes;
use event::http::{Decoded, decode_reply};
use http::HeaderValue;

#[test]
fn an_answer_that_claims_nothing_is_none() {
    for pairs in [
        &[][..],
        &[("content-type", "application/json")],
        &[("content-type", "text/plain"), ("ce-knativebrokerttl", "5")],
        &[("content-encoding", "gzip")],
    ] {
        assert_eq!(decode_reply(&headers(pairs), Bytes::from_static(b"not json")), Ok(None), "{pairs:?}");
    }
    let mut bytes = headers(&[]);
    bytes.insert("content-type", HeaderValue::from_bytes(b"\xff").unwrap());
    assert_eq!(decode_reply(&bytes, Bytes::new()), Ok(None));
}

#[test]
fn an_answer_that_is_an_event_is_read() {
    let binary = decode_reply(&minimal(), Bytes::new()).unwrap();
    assert!(matches!(binary, Some(Decoded::One(event)) if event.id() == "1"));
    let batch = decode_reply(
        &headers(&[("content-type", "Application/cloudevents-batch+json")]),
        Bytes::from_static(b"[]"),
    );
    assert_eq!(batch, Ok(Some(Decoded::Batch(Vec::new()))));
}

#[test]
fn an_answer_that_claims_and_is_not_valid_is_an_error() {
    for pairs in [
        &[("ce-specversion", "1.0")][..],
        &[("ce-id", "1")],
        &[("ce-type", "t")],
        &[("ce-source", "/s")],
        &[("content-type", "application/cloudevents+json")],
        &[("content-type", "application/cloudevents+avro")],
        &[("ce-specversion", "1.0"), ("content-encoding", "gzip")],
    ] {
        assert!(decode_reply(&headers(pairs), Bytes::new()).is_err(), "{pairs:?}");
    }
    let mut not_ascii = headers(&[]);
    let content_type = "application/cloudevents+json; x=ä";
    not_ascii.insert("content-type", HeaderValue::from_bytes(content_type.as_bytes()).unwrap());
    assert!(decode_reply(&not_ascii, Bytes::new()).is_err());
}
