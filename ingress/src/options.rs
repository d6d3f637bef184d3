//! Every limit of the listener, in one place.

use std::time::Duration;

/// A batch body may be this many times as large as one event's.
pub const BATCH_FACTOR: usize = 16;

/// Bytes of a request's head: request line and headers together.
pub const HEAD_BYTES: usize = 64 * 1024;

/// HTTP/2 streams that one connection may have open.
pub(crate) const STREAMS: u32 = 256;

/// HTTP/2 streams that a peer may reset before they were looked at; one more closes the connection
/// (the "rapid reset" flood).
pub(crate) const PENDING_RESETS: usize = 20;

/// HTTP/2 streams that we may have to reset for a peer's mistakes before the connection is closed.
pub(crate) const OWN_RESETS: usize = 128;

/// How long a closing connection waits for the peer to see the answer to a request it is still sending.
pub(crate) const LINGER: Duration = Duration::from_secs(5);

/// How long an idle connection has to say goodbye (HTTP/2 `GOAWAY`) before it is cut.
pub(crate) const GOODBYE: Duration = Duration::from_secs(5);

/// What the listener allows.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bytes of one event's body (`--max-event-size`); a batch body may have [`BATCH_FACTOR`] times that.
    pub max_event_size: usize,
    /// Open connections; at the limit no further one is accepted until one closes, so that peers wait in
    /// the system's queue instead of being turned away.
    pub max_connections: usize,
    /// Bytes of all bodies that are being read or published at the same time, those that arrived in one piece
    /// with their head not counted (a connection's read buffer bounds them); over it 503.
    pub body_memory: usize,
    /// From the first byte of a request (for the first one: from accepting the connection) to the end of its head.
    pub head_timeout: Duration,
    /// Longest pause within a body.
    pub body_pause: Duration,
    /// Longest pause between two requests of a connection.
    pub idle_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_event_size: 1024 * 1024,
            max_connections: 4096,
            body_memory: 256 * 1024 * 1024,
            head_timeout: Duration::from_secs(10),
            body_pause: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(120),
        }
    }
}

impl Options {
    /// Bytes that a batch body may have.
    pub(crate) fn max_batch_size(&self) -> usize {
        self.max_event_size.saturating_mul(BATCH_FACTOR)
    }
}
