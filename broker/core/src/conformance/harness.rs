//! What a backend must write to be tested.

use crate::{Backend, ChannelId, Lane};
use async_trait::async_trait;
use std::sync::Arc;

/// One place where a backend keeps its data: a folder, a server and a prefix.
#[async_trait]
pub trait Harness: Send + Sync {
    /// Opens the backend as a process does that starts over the data of this harness; the first time there is none.
    /// Later calls come as after a kill: everything from the call before was dropped, closed or not, and some
    /// aborted task may still be about to let go of it.
    async fn open(&self) -> Arc<dyn Backend>;
}

/// A harness that can take lanes from the process that lives, as another process would.
#[async_trait]
pub trait LaneHarness: Harness {
    /// Takes the lane away from the process of the last [`Harness::open`].
    async fn take_lane(&self, channel: &ChannelId, lane: Lane);

    /// Gives it back.
    async fn give_lane(&self, channel: &ChannelId, lane: Lane);
}
