//! Deliveries to sinks: requests, replies, retries, dead letters.
//!
//! What it does: for each trigger of the routing table it takes the events that the channel lends, sends them
//! to the trigger's sink, publishes the answers, and settles the loan: acked when somebody else is responsible,
//! given back with a wait when it is to be tried again, kept as a dead letter when nobody will take it.
//!
//! What it must not do: decide what is lent (filters, windows, order and waiting events are the engine's),
//! keep an event longer than its loan, follow redirects, know a backend.
//!
//! Where to start: [`Dispatcher`], then `deliver.rs` for the story of one event and `decide.rs` for the rules.

mod answer;
mod bury;
mod client;
mod decide;
mod deliver;
mod dispatcher;
mod doomed;
mod failure;
mod handshake;
mod metrics;
mod outlet;
mod pace;
mod plan;
mod print;
mod reply;
mod request;
mod retry_after;
mod trigger;
mod worker;

pub use client::CaBundleError;
pub use dispatcher::{Dispatcher, Options};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Nothing panics while it holds one of our locks half way through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
