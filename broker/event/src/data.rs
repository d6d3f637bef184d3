//! The payload and how it came.

use bytes::Bytes;

/// The payload of an event, with what the JSON format needs to write it as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Data {
    /// No payload: no `data` member, or an empty body in binary mode.
    #[default]
    Absent,
    /// The body of a binary-mode message, byte for byte.
    Bytes(Bytes),
    /// The text of a JSON `data` member, byte for byte (`null` is a value, not an absence).
    Json(Bytes),
    /// A JSON string `data` of an event whose content type is not JSON: the decoded UTF-8 text.
    Text(Bytes),
    /// A `data_base64` member, decoded; written structured it is base64 again.
    Base64(Bytes),
}

impl Data {
    /// The bytes that a binary-mode message carries as its body; empty when absent.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        static EMPTY: Bytes = Bytes::new();
        match self {
            Self::Absent => &EMPTY,
            Self::Bytes(b) | Self::Json(b) | Self::Text(b) | Self::Base64(b) => b,
        }
    }

    /// True when there is no payload.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}
