//! A channel whose appends a test can hold back, over the engine.

use async_trait::async_trait;
use broker_core::engine::Engine;
use broker_core::{
    AppendError, Channel, ChannelError, ChannelOptions, DeadLetterStore, Delivery, GroupName, GroupSpec, Lag,
    Subscription,
};
use event::{Record, Timestamp};
use std::sync::Arc;
use tokio::sync::watch;

/// The test's hand on the channel. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Gate {
    closed: watch::Sender<bool>,
    waiting: watch::Sender<usize>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { closed: watch::Sender::new(false), waiting: watch::Sender::new(0) }
    }
}

impl Gate {
    /// Holds back every append from now on.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }

    /// Lets them go.
    pub(crate) fn open(&self) {
        self.closed.send_replace(false);
    }

    /// Waits until so many appends are held back.
    pub(crate) async fn holds(&self, appends: usize) {
        self.waiting.subscribe().wait_for(|waiting| *waiting == appends).await.unwrap();
    }

    async fn pass(&self) {
        self.waiting.send_modify(|waiting| *waiting += 1);
        self.closed.subscribe().wait_for(|closed| !closed).await.unwrap();
        self.waiting.send_modify(|waiting| *waiting -= 1);
    }
}

pub(crate) struct Gated {
    pub(crate) channel: Arc<Engine>,
    pub(crate) gate: Gate,
}

#[async_trait]
impl Channel for Gated {
    fn configure(&self, options: &ChannelOptions) {
        self.channel.configure(options);
    }

    async fn append(&self, records: Vec<Record>) -> Result<(), AppendError> {
        self.gate.pass().await;
        self.channel.append(records).await
    }

    async fn conclude(
        &self,
        group: &GroupName,
        delivery: &Delivery,
        records: Vec<Record>,
    ) -> Result<(), AppendError> {
        self.channel.conclude(group, delivery, records).await
    }

    async fn ensure_group(&self, group: &GroupName, spec: GroupSpec) -> Result<(), ChannelError> {
        self.channel.ensure_group(group, spec).await
    }

    async fn park_group(&self, group: &GroupName) -> Result<(), ChannelError> {
        self.channel.park_group(group).await
    }

    async fn remove_group(&self, group: &GroupName) -> Result<(), ChannelError> {
        self.channel.remove_group(group).await
    }

    async fn subscribe(&self, group: &GroupName) -> Result<Subscription, ChannelError> {
        self.channel.subscribe(group).await
    }

    fn lag(&self, group: &GroupName) -> Option<Lag> {
        self.channel.lag(group)
    }

    fn parked_groups(&self) -> Vec<(GroupName, Timestamp)> {
        self.channel.parked_groups()
    }

    fn dead_letters(&self) -> Arc<DeadLetterStore> {
        self.channel.dead_letters()
    }

    fn bytes(&self) -> u64 {
        self.channel.bytes()
    }

    async fn close(&self) {
        self.channel.close().await;
    }
}
