//! The JSON event format 1.0 and its batch format.

mod members;
mod read;
mod write;

pub use read::{decode, decode_batch};
pub use write::{encode, encode_batch};
