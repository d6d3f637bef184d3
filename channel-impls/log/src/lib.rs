//! The embedded log: one commit log per data folder for all channels, their dead letters and their state.
//!
//! ```text
//!   append ──▶ queue ──▶ writer: one write, one fdatasync ──▶ index, tail ──▶ readers
//!                          │ fills                                   ▲
//!                          ▼                                         │ moved forward
//!   0000000007.log  0000000008.log  0000000009.log (next)     mover ─┘
//!        └── nothing live any more ──▶ steward ──▶ 0000000007.free ──▶ 0000000010.log
//!                                      disk full? spare-0 ──▶ 0000000011.log, for what frees space
//! ```
//!
//! What it does: keeps records durable and in order, gives the disk back, always opens: a torn tail is cut,
//! damage in the middle is skipped and reported.
//!
//! What it must not do: know groups, filters or retries (the engine does), open a socket, repeat a failed fsync.
//!
//! Where to start: [`LogBackend`]; `frame` for the bytes, `writer` for the way in, `recover` for opening.

mod backend;
mod batch;
mod catalog;
mod channel;
mod contents;
pub mod disk;
mod error;
mod extent;
mod folder;
mod frame;
mod frames;
mod index;
mod lane;
mod metrics;
mod mover;
mod options;
mod queue;
mod read;
mod reader;
mod recover;
mod scan;
mod segment;
mod segments;
mod shared;
mod spares;
mod state;
mod steward;
mod tail;
mod writer;

pub use backend::{CAPABILITIES, LogBackend, NAME};
pub use error::{Damage, OpenError};
pub use options::LogOptions;
pub use scan::{Summary, scan};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Takes a lock whose sections never leave their data half changed, so a panic elsewhere does not spread.
pub(crate) fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
