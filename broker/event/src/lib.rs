//! CloudEvents: the event, its envelope and every codec.
//!
//! What it does: holds one event ([`Event`]) with its attributes validated once and its
//! payload untouched; says how it travels inside ([`Envelope`], [`Record`]); turns it
//! from and into HTTP (binary, structured, batch) and the record format of the log.
//!
//! What it must not do: open a socket or a file, know a broker or a trigger, change a
//! byte of a payload.
//!
//! The feature `sdk` adds conversions from and to the event of `cloudevents-sdk`.
//!
//! Where to start: [`Event`], then [`http`] for the wire and [`record`] for the disk.

mod attribute;
mod builder;
mod data;
mod draft;
mod envelope;
mod event;
mod header;
pub mod http;
pub mod json;
mod media_type;
pub mod record;
mod rfc3339;
mod rule;
#[cfg(feature = "sdk")]
mod sdk;
mod time;
mod uri;

pub use attribute::{Attribute, InvalidAttribute, Kind};
pub use builder::EventBuilder;
pub use data::Data;
pub use envelope::{Addressee, Audience, Envelope, FlowStep, TraceContext};
pub use event::{Event, Mode, Record};
pub use time::Timestamp;
