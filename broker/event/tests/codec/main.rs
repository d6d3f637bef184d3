//! Every codec of the crate from outside.
#![expect(clippy::unwrap_used, reason = "clippy only excuses functions that are marked as tests")]

mod batch;
mod binary;
mod cost;
mod damage;
mod record;
mod reply;
mod roundtrip;
mod structured;
mod wire;
