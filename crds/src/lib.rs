//! API types of Knative's objects, the index of what was declared, and the pure compile into a table.
//!
//! What it does: names every field that is understood, one file per kind ([`api`]); takes in what was declared
//! and keeps the last good version of each object ([`Admission`]); turns the [`Index`] that comes of it into a
//! [`broker_core::RoutingTable`], problems and status ([`compile`]).
//!
//! ```text
//!   documents ──▶ Object ──▶ Admission::admit ──▶ Index ──▶ compile ──▶ table + problems + status
//!                            last good versions             pure
//! ```
//!
//! An object is judged twice. Alone, in [`Admission`]: a version that is invalid in itself never replaces a good
//! one. Among its neighbours, in [`compile`]: what it refers to must be there, else it waits and says so.
//!
//! What it must not do: read a file, watch a folder, talk to a cluster, know the time.
//!
//! Where to start: [`compile`], then [`Admission`].

mod admission;
pub mod annotations;
pub mod api;
mod class;
mod compile;
mod duration;
mod fields;
mod hidden;
mod index;
mod kind;
mod nearest;
mod object;
mod parse;
mod problem;
mod report;
mod status;

pub use admission::{Admission, Declaration};
pub use compile::{Compiled, Settings, compile};
pub use index::Index;
pub use object::{Object, ObjectError, ObjectId, Origin, field_path, item_path};
pub use problem::{Problem, Severity};
pub use status::{ObjectStatus, live_name, status_with_live};
