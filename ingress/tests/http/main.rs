//! The listener over real sockets, before an engine over the memory log.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answers;
mod client;
mod drain;
mod gate;
mod house;
mod limits;
mod protocol;
mod tls;
