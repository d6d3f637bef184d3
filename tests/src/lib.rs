//! The whole program from outside: the real binary `sluice`, real HTTP, real YAML, real sinks.
//!
//! What it does: starts the program on folders of its own and ports that are free ([`Mesh`]), plays its sinks
//! ([`Sink`]), posts events ([`Message`]), calls its commands; each file in `stories` tells one story of a user.
//!
//! What it must not do: know a type of the program. Only what a user can see counts: YAML, HTTP, text, exit codes.
//!
//! Where to start: `stories/retry.rs` is typical; [`Mesh`] for what a story can do.
//!
//! Stories in `toolchains` need more than Rust and a C compiler (`toolchain`), and wait for the feature of that name.
//!
//! `SLUICE_BIN` names a binary to test instead of the one of this workspace; `SLUICE_KILL_ROUNDS` makes the
//! crash story longer.

mod authority;
mod binary;
mod client;
mod manifest;
mod mesh;
mod message;
mod program;
mod raw;
mod secure;
mod sink;
mod subscription;
#[cfg(feature = "toolchains")]
pub mod toolchain;
mod wait;

pub use authority::{Authority, Identity};
pub use binary::sluice;
pub use client::{Answer, Client};
pub use manifest::{Trigger, broker, flow};
pub use mesh::Mesh;
pub use message::Message;
pub use program::{Finished, run};
pub use raw::{RawClient, RawMessage, RawSink};
pub use secure::Secure;
pub use sink::{Reaction, Received, Sink};
pub use subscription::{Subscription, channel, reference};
pub use wait::{DEADLINE, until, value};
