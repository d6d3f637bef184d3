//! A [`broker_core::Log`] in memory: for tests, and for channels that may forget.
//!
//! What it does: keeps every channel's lanes in this process, exactly by the contract of `broker_core::log`,
//! and lets a test break it on purpose ([`Faults`]).
//!
//! What it must not do: survive the process, touch a file or a socket, promise anything the contract does not.
//!
//! Where to start: [`MemoryBackend`], then `channel.rs` for what is kept, `lane.rs` for how.

mod backend;
mod channel;
mod faults;
mod lane;
mod log;
mod process;
mod reader;

pub use backend::{CAPABILITIES, MemoryBackend, NAME};
pub use faults::Faults;
