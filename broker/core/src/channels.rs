//! The channels that are open in this process.

use crate::{Channel, ChannelId};
use arc_swap::ArcSwap;
use std::collections::HashMap;
use std::sync::Arc;

/// Open channels by name: filled by provisioning, read once per event. Cheap to clone.
#[derive(Clone, Default)]
pub struct Channels {
    open: Arc<ArcSwap<HashMap<ChannelId, Arc<dyn Channel>>>>,
}

impl Channels {
    /// The channel, if it is open.
    #[must_use]
    pub fn get(&self, id: &ChannelId) -> Option<Arc<dyn Channel>> {
        self.open.load().get(id).cloned()
    }

    /// Every open channel.
    #[must_use]
    pub fn all(&self) -> Vec<(ChannelId, Arc<dyn Channel>)> {
        self.open.load().iter().map(|(id, channel)| (id.clone(), channel.clone())).collect()
    }

    /// Adds or replaces a channel.
    pub fn insert(&self, id: &ChannelId, channel: &Arc<dyn Channel>) {
        self.open.rcu(|open| {
            let mut next = HashMap::clone(open);
            next.insert(id.clone(), channel.clone());
            next
        });
    }

    /// Forgets a channel and returns it.
    pub fn remove(&self, id: &ChannelId) -> Option<Arc<dyn Channel>> {
        let channel = self.get(id);
        self.open.rcu(|open| {
            let mut next = HashMap::clone(open);
            next.remove(id);
            next
        });
        channel
    }
}
