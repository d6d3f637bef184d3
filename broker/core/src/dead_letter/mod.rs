//! Dead letters: events nobody would take, kept until a person decides.

mod folded;
mod follower;
mod letter;
mod store;

pub use letter::{DeadLetter, DeadLetterChange, DeadLetterQuery};
pub use store::{DeadLetterError, DeadLetterStore};
