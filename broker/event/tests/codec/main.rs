//! Every codec of the crate from outside.
#![expect(clippy::unwrap_used, reason = "clippy only excuses functions that are marked as tests")]

mod binary;
mod record;
mod wire;
