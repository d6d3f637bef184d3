//! CloudEvents over HTTP (HTTP binding 1.0): binary, structured, batch.

use crate::{Event, Mode};
use bytes::Bytes;
use http::HeaderMap;

/// What a message held.
#[derive(Clone, Debug, PartialEq)]
pub enum Decoded {
    /// Binary or structured mode.
    One(Event),
    /// Batch mode; may be empty.
    Batch(Vec<Event>),
}

/// Why a message is no valid event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// 415: a content type or content encoding that is not read here.
    #[error("{0}")]
    Unsupported(String),
    /// 400: one line that names the attribute (or member index) and the rule.
    #[error("{0}")]
    Invalid(String),
}

/// Reads a request: binary when there are `ce-` headers, structured or batch by content type.
///
/// # Errors
/// When it is not a valid CloudEvent of a known format.
pub fn decode(_headers: &HeaderMap, _body: Bytes) -> Result<Decoded, DecodeError> {
    Err(DecodeError::Unsupported("not written yet".to_owned()))
}

/// Reads an answer: `Ok(None)` when it does not claim to be an event.
///
/// # Errors
/// When it claims to be an event and is not valid.
pub fn decode_reply(_headers: &HeaderMap, _body: Bytes) -> Result<Option<Decoded>, DecodeError> {
    Ok(None)
}

/// Writes the event's headers (content type included) into `headers` and returns the body.
pub fn encode(_event: &Event, _mode: Mode, _headers: &mut HeaderMap) -> Bytes {
    Bytes::new()
}
