//! Health, metrics and the admin API of one process, and the client that the commands use.
//!
//! What it does: answers `/healthz`, `/readyz` and `/metrics`; shows the declared objects with their live
//! status, the dead letters, the events at the door and why a trigger matches; redrives and purges.
//!
//! What it must not do: change what was declared, deliver an event, decide when the process is ready
//! (it is told, see [`Admin::published`]).
//!
//! Where to start: [`Admin`] for the server, [`Client`] for the other end, `openapi.json` for the whole surface.

mod access;
mod api;
mod client;
mod dead_letters;
mod explain;
mod first_seen;
mod gauges;
mod health;
mod metrics;
mod objects;
mod problem;
mod progress;
mod selector;
mod server;
mod tail;
#[cfg(test)]
mod tests;

pub use api::Admin;
pub use client::{Client, ClientError, Connector, Tail, connector, reason};
pub use dead_letters::{DeadLetterView, Touched};
pub use explain::{Explanation, explain};
pub use gauges::Gauges;
pub use problem::ProblemDetails;
pub use selector::{Selector, parse_since};
pub use server::serve;
pub use tail::{Accepted, Missed, TailLine};
