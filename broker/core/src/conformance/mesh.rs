//! A channel over the backend under test, in a process that can end.

use super::Harness;
use super::sample::{plain, spec};
use super::waiting::{eventually, soon};
use crate::engine::{Engine, Limits};
use crate::{Backend, Channel, ChannelId, ChannelOptions, GroupName, GroupSpec, Lag, Subscription};
use event::Record;
use std::sync::Arc;
use std::time::Duration;

/// One process: a backend, and one channel of it.
pub(super) struct Mesh<'h> {
    harness: &'h dyn Harness,
    backend: Arc<dyn Backend>,
    pub(super) channel: Arc<dyn Channel>,
    /// Event lanes of the channel.
    pub(super) lanes: u32,
    options: ChannelOptions,
}

impl<'h> Mesh<'h> {
    pub(super) async fn start(harness: &'h dyn Harness) -> Self {
        Self::start_with(harness, ChannelOptions::default()).await
    }

    /// A channel that keeps finished events for an hour.
    pub(super) async fn start_retaining(harness: &'h dyn Harness) -> Self {
        let options = ChannelOptions { retention: Duration::from_secs(3600), ..ChannelOptions::default() };
        Self::start_with(harness, options).await
    }

    async fn start_with(harness: &'h dyn Harness, options: ChannelOptions) -> Self {
        let backend = soon(harness.open()).await;
        let log = backend.open(&channel_id(), &options).await.unwrap();
        let lanes = log.lanes();
        let channel = Engine::open(log, &options, &Limits::default());
        Self { harness, backend, channel, lanes, options }
    }

    /// Ends the process in good order, and starts the next one.
    pub(super) async fn restart(self) -> Self {
        soon(self.channel.close()).await;
        soon(self.backend.close()).await;
        self.crash().await
    }

    /// Ends the process without a word, and starts the next one.
    pub(super) async fn crash(self) -> Self {
        let Self { harness, backend, channel, options, .. } = self;
        drop(channel);
        drop(backend);
        Self::start_with(harness, options).await
    }

    pub(super) async fn ensure(&self, group: &str, spec: GroupSpec) {
        soon(self.channel.ensure_group(&group.into(), spec)).await.unwrap();
    }

    pub(super) async fn subscribe(&self, group: &str) -> Subscription {
        self.channel.subscribe(&group.into()).await.unwrap()
    }

    /// Ensures and subscribes.
    pub(super) async fn join(&self, group: &str, spec: GroupSpec) -> Subscription {
        self.ensure(group, spec).await;
        self.subscribe(group).await
    }

    /// Joins a group that takes everything from now on.
    pub(super) async fn listen(&self) -> Subscription {
        self.join(GROUP, spec()).await
    }

    pub(super) async fn post(&self, ids: impl IntoIterator<Item = u64>) {
        self.post_all(ids.into_iter().map(plain).collect()).await;
    }

    pub(super) async fn post_all(&self, records: Vec<Record>) {
        soon(self.channel.append(records)).await.unwrap();
    }

    /// Waits until the group has nothing open and nothing ahead.
    pub(super) async fn until_done(&self, group: &str) {
        let group = GroupName::from(group);
        eventually("the lag is zero", async || self.channel.lag(&group) == Some(Lag::default())).await;
    }
}

/// The group of a test that needs one.
pub(super) const GROUP: &str = "default/one";

pub(super) fn channel_id() -> ChannelId {
    ChannelId::from("broker/default/conformance")
}
