//! Breaking a backend on purpose. Nothing here is used outside tests.

use crate::MemoryBackend;
use crate::channel::Channel;
use crate::process::Switches;
use broker_core::{ChannelId, Health, Lane, LaneChange, Position};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The switches of one [`MemoryBackend`]. Channels and lanes that do not exist are ignored. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Faults {
    pub(crate) backend: MemoryBackend,
}

impl Faults {
    /// The next `n` appends are refused and leave nothing behind.
    pub fn refuse_appends(&self, n: u32) {
        self.switches().refused_appends.store(n, Ordering::Release);
    }

    /// The next `n` appends become durable and answer an error all the same.
    pub fn lose_answers(&self, n: u32) {
        self.switches().unanswered_appends.store(n, Ordering::Release);
    }

    /// The next `n` reads fail, by a reader or by position. A reader that waits already is not disturbed.
    pub fn fail_reads(&self, n: u32) {
        self.switches().failed_reads.store(n, Ordering::Release);
    }

    /// The next `n` writes of state fail and leave nothing behind.
    pub fn fail_state(&self, n: u32) {
        self.switches().failed_state.store(n, Ordering::Release);
    }

    /// What the backend says about itself from now on.
    pub fn set_health(&self, health: Health) {
        self.backend.process.health.send_replace(health);
    }

    /// The lane is about to go.
    pub async fn announce_leaving(&self, channel: &ChannelId, lane: Lane) {
        if let Some(channel) = self.channel(channel) {
            channel.tell(LaneChange::Leaving(lane)).await;
        }
    }

    /// Takes the lane away: state writes are fenced at once, then `Lost` is told.
    pub async fn take_lane(&self, channel: &ChannelId, lane: Lane) {
        self.hand_over(channel, lane, None, LaneChange::Lost(lane)).await;
    }

    /// Gives the lane back.
    pub async fn give_lane(&self, channel: &ChannelId, lane: Lane) {
        self.hand_over(channel, lane, Some(self.backend.process.id), LaneChange::Gained(lane)).await;
    }

    /// Leaves the next `positions` positions of the lane out, as servers do.
    pub fn leave_gap(&self, channel: &ChannelId, lane: Lane, positions: u64) {
        if let Some(channel) = self.channel(channel) {
            let _ = channel.kept().lane(lane).map(|l| l.skip(positions));
        }
    }

    /// Makes one record unreadable: readers and `get` pass over it.
    pub fn damage(&self, channel: &ChannelId, lane: Lane, position: Position) {
        if let Some(channel) = self.channel(channel) {
            let _ = channel.kept().lane(lane).map(|l| l.damage(position));
        }
    }

    /// Kills the process and starts the next one over the same data. Everything opened by the old one is dead:
    /// appends fail, readers are closed, state writes are fenced once the channel is open again.
    #[must_use]
    pub fn restart(&self) -> MemoryBackend {
        self.backend.restart()
    }

    async fn hand_over(&self, channel: &ChannelId, lane: Lane, owner: Option<u64>, change: LaneChange) {
        let Some(channel) = self.channel(channel) else { return };
        let known = channel.kept().lane(lane).map(|l| l.owner = owner).is_ok();
        if known {
            channel.tell(change).await;
        }
    }

    fn channel(&self, id: &ChannelId) -> Option<Arc<Channel>> {
        self.backend.store.channels().get(id).cloned()
    }

    fn switches(&self) -> &Switches {
        &self.backend.process.switches
    }
}
