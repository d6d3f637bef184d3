//! The JSON event format 1.0 and its batch format.

use crate::Event;
use crate::http::DecodeError;
use bytes::Bytes;

/// Reads one JSON event.
///
/// # Errors
/// One line that names the member and the rule.
pub fn decode(_json: &Bytes) -> Result<Event, DecodeError> {
    Err(DecodeError::Invalid("not written yet".to_owned()))
}

/// Reads a JSON array of events. All or nothing: the error names the index.
///
/// # Errors
/// One line that names the index, the member and the rule.
pub fn decode_batch(_json: &Bytes) -> Result<Vec<Event>, DecodeError> {
    Err(DecodeError::Invalid("not written yet".to_owned()))
}

/// Appends the event as one JSON object.
pub fn encode(_event: &Event, _out: &mut Vec<u8>) {}
