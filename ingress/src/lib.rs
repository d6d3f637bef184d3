//! Events in over HTTP: each request becomes one call of the [`Publisher`](broker_core::Publisher).
//!
//! What it does: accepts connections (HTTP/1.1 and HTTP/2, plain or with [`Tls`]), finds the target of a
//! request, reads its body within limits, has it decoded and published, and answers: 202 when the events
//! are durable, else a problem document that says what was wrong.
//!
//! What it must not do: answer 202 before the publisher returned `Ok`, know a trigger or a backend, change
//! a byte of a payload, hold more memory than [`Options`] allows.
//!
//! Where to start: [`Ingress`], then `exchange.rs` for one request, and `refusal.rs` for every answer that is not 202.

mod address;
mod body;
mod connection;
mod connections;
mod exchange;
mod listener;
mod metrics;
mod options;
mod pulse;
mod refusal;
mod targets;
mod tls;
mod trace;
mod transport;
mod webhook;

pub use listener::{BindError, Ingress};
pub use metrics::Metrics;
pub use options::{BATCH_FACTOR, HEAD_BYTES, Options};
pub use tls::{Tls, TlsError, TlsFiles};
