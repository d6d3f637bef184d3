//! CloudEvents over HTTP (HTTP binding 1.0): binary, structured, batch.

mod read;
mod write;

use crate::{Event, InvalidAttribute};

pub use read::{decode, decode_reply};
pub use write::encode;

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

impl From<InvalidAttribute> for DecodeError {
    fn from(invalid: InvalidAttribute) -> Self {
        Self::Invalid(invalid.to_string())
    }
}
