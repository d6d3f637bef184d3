//! The one engine: groups over a [`Log`](crate::Log), the same for every backend.
//!
//! Each owned lane has one task ([`lane`]) that owns everything of that lane: a shared head that reads each record
//! once, the groups ([`group`]) with what they have open, a catch-up head for those that are behind, and the
//! durable state ([`state`]). Nothing else touches them, so there is no lock.
//!
//! Start with [`group`]: it says what can happen to an event.

mod budget;
mod channel;
mod clock;
mod gauges;
mod group;
mod keys;
mod lane;
mod limits;
mod shared;
mod state;

pub use budget::Budget;
pub use channel::Engine;
pub use limits::Limits;
