//! API types of Knative's objects, the index of what was declared, and the pure compile into a table.
//!
//! What it does: parses one manifest document into a typed [`Object`] with its place in its file; keeps the
//! objects ([`Index`]); turns them into a [`broker_core::RoutingTable`], problems and status ([`compile`]).
//!
//! What it must not do: read a file, watch a folder, talk to a cluster, know the time.
//!
//! Where to start: [`compile`].

mod compile;
mod index;
mod object;
mod problem;

pub use compile::{Compiled, ObjectStatus, Settings, compile};
pub use index::Index;
pub use object::{Object, ObjectId, Origin};
pub use problem::{Problem, Severity};
