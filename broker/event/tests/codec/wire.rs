//! Messages as they come over the wire.

use bytes::Bytes;
use event::Event;
use event::http::{Decoded, decode};
use http::{HeaderMap, HeaderName, HeaderValue};

/// The headers of the smallest valid event.
pub(crate) fn minimal() -> HeaderMap {
    headers(&[("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "com.example.t")])
}

pub(crate) fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

/// The one event of a message, or the one line that refuses it.
pub(crate) fn one(headers: &HeaderMap, body: &[u8]) -> Result<Event, String> {
    match decode(headers, Bytes::copy_from_slice(body)) {
        Ok(Decoded::One(event)) => Ok(event),
        Ok(Decoded::Batch(_)) => panic!("a batch was not expected"),
        Err(e) => Err(e.to_string()),
    }
}

/// The refusal; it must be one line.
pub(crate) fn invalid(result: Result<Event, String>) -> String {
    let refused = result.expect_err("it should have been refused");
    assert_eq!(refused.lines().count(), 1, "{refused}");
    refused
}
