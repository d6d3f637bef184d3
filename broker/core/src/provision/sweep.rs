//! Removed Brokers and Triggers keep their data for a while, then it goes.

use super::{Provisioner, open};
use crate::{Channel, ChannelId, ChannelOptions, GroupName};
use event::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

impl Provisioner {
    /// Ends what was removed long enough ago, whether in this life of the process or in an earlier one.
    pub(super) async fn sweep(&mut self) {
        self.find_removed().await;
        for (_, channel) in self.channels.all() {
            self.sweep_groups(&channel, false).await;
        }
        let ids: Vec<ChannelId> = self.removed.keys().cloned().collect();
        for id in ids {
            self.sweep_channel(&id).await;
        }
    }

    /// Channels that hold data and that no Broker has any more.
    async fn find_removed(&mut self) {
        // How long its events were to be kept nobody says any more: all of them, until it is deleted as a whole.
        let options = ChannelOptions { retention: Duration::MAX, ..ChannelOptions::default() };
        for (name, backend) in self.backends.clone() {
            let Ok(channels) = backend.channels().await else { continue };
            for id in channels {
                if self.provisioned.contains_key(&id) || self.removed.contains_key(&id) {
                    continue;
                }
                match open(&self.backends, &name, &id, &options, &self.limits).await {
                    Ok(channel) => {
                        self.removed.insert(id, (channel, name.clone(), Instant::now()));
                    }
                    Err(error) => tracing::warn!(channel = %id, error, "a removed channel cannot be opened"),
                }
            }
        }
    }

    /// Ends groups that were parked too long ago. For those that are only held, or whose channel is, the time starts
    /// anew.
    async fn sweep_groups(&self, channel: &Arc<dyn Channel>, held: bool) {
        let now = Timestamp::now();
        for (group, since) in channel.parked_groups() {
            let done = if held || since == Timestamp::default() || self.held.groups.contains(&group) {
                channel.park_group(&group).await
            } else if now.since(since) >= self.keep_removed {
                tracing::info!(trigger = %group, "removed long enough ago: its place is given up");
                channel.remove_group(&group).await
            } else {
                Ok(())
            };
            if let Err(error) = done {
                tracing::warn!(trigger = %group, %error, "a removed trigger could not be swept");
            }
        }
    }

    async fn sweep_channel(&mut self, id: &ChannelId) {
        let Some((channel, backend, since)) = self.removed.get(id) else { return };
        let (channel, backend, since) = (channel.clone(), backend.clone(), *since);
        let held = self.held.channels.contains(id);
        self.sweep_groups(&channel, held).await;
        let waiting: Vec<(GroupName, Timestamp)> = channel.parked_groups();
        let old = |parked: &Timestamp| Timestamp::now().since(*parked) >= self.keep_removed;
        let all_old = waiting.iter().all(|(_, parked)| parked.0 > 0 && old(parked));
        // Without groups only this process's own time tells how long it has been gone.
        let due = if waiting.is_empty() { since.elapsed() >= self.keep_removed } else { all_old };
        if !due || held {
            return;
        }
        tracing::info!(channel = %id, "removed long enough ago: its events are deleted");
        channel.close().await;
        self.removed.remove(id);
        if let Some(backend) = self.backends.get(&backend)
            && let Err(error) = backend.remove(id).await
        {
            tracing::warn!(channel = %id, %error, "a removed channel could not be deleted");
        }
    }
}
