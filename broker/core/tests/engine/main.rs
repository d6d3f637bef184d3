//! What the engine must survive, over the log in memory and in paused time.

mod backlog;
mod basics;
mod mesh;
mod order;
mod retries;
mod space;
