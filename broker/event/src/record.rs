//! The record format: an event with its envelope as bytes.
//!
//! Version 1, integers little endian, `varint` as in LEB128, `str` a varint length and UTF-8:
//!
//! | field | bytes |
//! | --- | --- |
//! | version | 1 |
//! | flags | 1: audience named, trace, flow, redrive, origin, structured mode; the rest zero |
//! | hops | 1 |
//! | accepted at | 8, milliseconds |
//! | audience, if flagged | varint count, then each: `str` group, varint attempts, 8 due |
//! | trace, if flagged | `str` traceparent, `str` tracestate |
//! | flow, if flagged | `str` flow, varint step, 8 cause |
//! | redrive, if flagged | `str` |
//! | origin, if flagged | 8 |
//! | payload kind | 1: absent, bytes, JSON, text, base64 |
//! | attributes | varint count, then each: 1 type and whether raw is there, varint lengths of name, value, raw |
//! | attribute text | name, value and raw of each, one behind the other |
//! | payload | the rest |
//!
//! A change of this table is a new version; programs read every older one. Records are guarded by the
//! log's checksum, so reading checks the shape of the bytes and not again the rules of each attribute.

mod cursor;
mod read;
mod write;

pub use read::decode;
pub use write::encode;

/// Bytes that are no record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("damaged record: {0}")]
pub struct RecordError(pub String);

const VERSION: u8 = 1;

mod flag {
    pub(super) const GROUPS: u8 = 1;
    pub(super) const TRACE: u8 = 1 << 1;
    pub(super) const FLOW: u8 = 1 << 2;
    pub(super) const REDRIVE: u8 = 1 << 3;
    pub(super) const ORIGIN: u8 = 1 << 4;
    pub(super) const STRUCTURED: u8 = 1 << 5;
    pub(super) const ALL: u8 = (1 << 6) - 1;
}

mod data_kind {
    pub(super) const ABSENT: u8 = 0;
    pub(super) const BYTES: u8 = 1;
    pub(super) const JSON: u8 = 2;
    pub(super) const TEXT: u8 = 3;
    pub(super) const BASE64: u8 = 4;
}

/// The byte in front of an attribute's lengths.
mod slot_kind {
    pub(super) const STRING: u8 = 0;
    pub(super) const INTEGER: u8 = 1;
    pub(super) const BOOLEAN: u8 = 2;
    pub(super) const HAS_RAW: u8 = 1 << 7;
}
