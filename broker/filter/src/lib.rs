//! Trigger filters, and the index that answers for all of them at once.
//!
//! What it does: holds a parsed [`Filter`], evaluates it, explains it ([`Explanation`]), and answers for a whole
//! channel ([`Index`]) which groups an event matches, at a cost that does not grow with those that do not. One of
//! the dialects is a language of its own: [`cesql`].
//!
//! What it must not do: I/O, time, randomness; look at a payload.
//!
//! Where to start: [`Filter`], then [`Index::matches`]; [`cesql::Expression`] for the language.

pub mod cesql;
mod dialect;
mod explain;
mod index;

pub use dialect::Filter;
pub use explain::Explanation;
pub use index::{Index, Matches};
