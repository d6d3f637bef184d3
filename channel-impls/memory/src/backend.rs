//! The backend: channels by name.

use crate::channel::Channel;
use crate::faults::Faults;
use crate::log::MemoryLog;
use crate::process::{Process, Store};
use async_trait::async_trait;
use broker_core::{Backend, BackendError, Capabilities, ChannelId, ChannelOptions, Health, Log};
use std::sync::Arc;
use tokio::sync::watch;

/// The word that chooses this backend.
pub const NAME: &str = "memory";
/// What it can do: everything but survive the process.
pub const CAPABILITIES: Capabilities = Capabilities { ordered_lanes: true, replay: true, durable: false };

/// Channels in this process's memory. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MemoryBackend {
    pub(crate) store: Arc<Store>,
    pub(crate) process: Arc<Process>,
    lanes: u32,
}

impl Default for MemoryBackend {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryBackend {
    /// An empty backend whose channels have one event lane.
    #[must_use]
    pub fn new() -> Self {
        Self::with_lanes(1)
    }

    /// An empty backend whose channels have `lanes` event lanes, at least one.
    #[must_use]
    pub fn with_lanes(lanes: u32) -> Self {
        Self::over(Arc::default(), lanes.max(1))
    }

    /// The handle by which a test breaks it.
    #[must_use]
    pub fn faults(&self) -> Faults {
        Faults { backend: self.clone() }
    }

    /// The next process over what this one kept; this one is gone.
    pub(crate) fn restart(&self) -> Self {
        self.process.end(&self.store);
        Self::over(self.store.clone(), self.lanes)
    }

    fn over(store: Arc<Store>, lanes: u32) -> Self {
        let process = Arc::new(store.process());
        Self { store, process, lanes }
    }
}

#[async_trait]
impl Backend for MemoryBackend {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn open(
        &self,
        channel: &ChannelId,
        options: &ChannelOptions,
    ) -> Result<Arc<dyn Log>, BackendError> {
        if self.process.ended() {
            return Err(BackendError { backend: NAME, detail: "it is closed".to_owned() });
        }
        let channel = {
            let mut channels = self.store.channels();
            channels.entry(channel.clone()).or_insert_with(|| Arc::new(Channel::new(self.lanes))).clone()
        };
        channel.welcome(self.process.id);
        let log = MemoryLog::new(channel, self.process.clone());
        log.configure(options);
        Ok(Arc::new(log))
    }

    async fn remove(&self, channel: &ChannelId) -> Result<(), BackendError> {
        let removed = self.store.channels().remove(channel);
        if let Some(channel) = removed {
            channel.kept().removed = true;
            channel.hang_up();
            channel.wake_all();
        }
        Ok(())
    }

    async fn channels(&self) -> Result<Vec<ChannelId>, BackendError> {
        Ok(self.store.channels().keys().cloned().collect())
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.process.health.subscribe()
    }

    async fn close(&self) {
        self.process.end(&self.store);
    }
}
