//! What the engine must survive, over the log in memory and in paused time.

#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

mod backlog;
mod basics;
mod broken;
mod dead_letters;
mod heads;
mod lanes;
mod mesh;
mod order;
mod provisioning;
mod retries;
mod space;
mod steps;
