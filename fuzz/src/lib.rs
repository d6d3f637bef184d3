//! What must hold for everything that a fuzz target got in.
//!
//! A target is a file in `fuzz_targets/` and an entry in `Cargo.toml`; its seeds lie in `seeds/TARGET`.

pub mod segment;

use bytes::Bytes;
use event::http::{Decoded, decode, encode};
use event::{Envelope, Event, EventBuilder, Mode, Record, Timestamp, record};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Splits a message into its headers and body: lines of `name: value`, an empty line, the rest.
/// Lines that are no header are left out.
pub fn message(mut text: &[u8]) -> (HeaderMap, Bytes) {
    let mut headers = HeaderMap::new();
    while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
        let line = &text[..end];
        text = &text[end + 1..];
        if line.is_empty() {
            break;
        }
        if let Some(colon) = line.iter().position(|byte| *byte == b':') {
            let name = HeaderName::from_bytes(&line[..colon]);
            let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
            if let (Ok(name), Ok(value)) = (name, value) {
                headers.append(name, value);
            }
        }
    }
    (headers, Bytes::copy_from_slice(text))
}

/// An accepted event can be rebuilt, stored, and sent on in each mode to one who accepts it.
pub fn passes_on(event: &Event) {
    assert_eq!(EventBuilder::from(event).build().as_ref(), Ok(event));
    for mode in [Mode::Binary, Mode::Structured] {
        let mut headers = HeaderMap::new();
        let body = encode(event, mode, &mut headers);
        let Ok(Decoded::One(again)) = decode(&headers, body) else {
            panic!("{mode:?} of {event:?} is refused")
        };
        for name in ["id", "source", "type", "subject", "time"] {
            assert_eq!(again.get(name), event.get(name), "{mode:?} of {event:?}");
        }
    }
    let record = Record { envelope: Envelope::accepted(1, Timestamp(1)), event: event.clone() };
    let mut bytes = Vec::new();
    record::encode(&record, &mut bytes);
    assert_eq!(record::decode(bytes.into()), Ok(record));
}

/// A refusal is one line of bearable length.
pub fn is_one_line(refusal: &impl std::fmt::Display) {
    let text = refusal.to_string();
    assert!(text.lines().count() == 1 && text.len() < 1024, "{text}");
}
