//! A channel over a memory log, restarted at will.

use crate::broken::BrokenLog;
use broker_core::engine::{Engine, Limits};
use broker_core::{
    Backend, Channel, ChannelId, ChannelOptions, Delivery, GroupName, GroupSpec, Lane, Log, Order, StartAt,
    Subscription,
};
use channel_memory::MemoryBackend;
use event::{Envelope, Event, Record, Timestamp};
use filter::Filter;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const LANE: Lane = Lane(0);

pub(crate) struct Mesh {
    pub(crate) backend: MemoryBackend,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) channel: Arc<Engine>,
    pub(crate) options: ChannelOptions,
}

impl Mesh {
    pub(crate) async fn new() -> Self {
        Self::with(ChannelOptions::default()).await
    }

    pub(crate) async fn with(options: ChannelOptions) -> Self {
        let backend = MemoryBackend::new();
        let log = backend.open(&ChannelId::from("broker/default/shop"), &options).await.unwrap();
        let channel = Engine::open(log.clone(), &options, &Limits::default());
        Self { backend, log, channel, options }
    }

    /// A mesh with other bounds.
    pub(crate) async fn limited(limits: Limits) -> Self {
        let Self { backend, log, channel, options } = Self::new().await;
        drop(channel);
        let channel = Engine::open(log.clone(), &options, &limits);
        Self { backend, log, channel, options }
    }

    /// A mesh over a log whose reads can be made to fail.
    pub(crate) async fn broken() -> (Self, Arc<BrokenLog>) {
        let Self { backend, log, channel, options } = Self::new().await;
        drop(channel);
        let broken = BrokenLog::new(log);
        let channel = Engine::open(broken.clone(), &options, &Limits::default());
        (Self { backend, log: broken.clone(), channel, options }, broken)
    }

    /// Ends the engine as a stop of the process does, and starts another one on the same log.
    pub(crate) async fn restart(self) -> Self {
        self.channel.close().await;
        self.crash().await
    }

    /// Ends the engine without a word, and starts another one on the same log.
    pub(crate) async fn crash(self) -> Self {
        let Self { backend, log, channel, options } = self;
        drop(channel);
        tokio::task::yield_now().await;
        let channel = Engine::open(log.clone(), &options, &Limits::default());
        Self { backend, log, channel, options }
    }

    pub(crate) async fn join(&self, group: &str, spec: GroupSpec) -> Subscription {
        let group = GroupName::from(group);
        self.channel.ensure_group(&group, spec).await.unwrap();
        self.channel.subscribe(&group).await.unwrap()
    }

    pub(crate) async fn post(&self, ids: impl IntoIterator<Item = u64>) {
        let records = ids.into_iter().map(|id| record(id, "a", None)).collect();
        self.channel.append(records).await.unwrap();
    }

    pub(crate) async fn post_keyed(&self, id: u64, key: &str) {
        self.channel.append(vec![record(id, "a", Some(key))]).await.unwrap();
    }

    pub(crate) fn lag(&self, group: &str) -> broker_core::Lag {
        self.channel.lag(&GroupName::from(group)).unwrap()
    }
}

pub(crate) fn record(id: u64, ty: &str, key: Option<&str>) -> Record {
    let mut builder = Event::builder().set("id", &id.to_string()).set("source", "/test").set("type", ty);
    if let Some(key) = key {
        builder = builder.set("partitionkey", key);
    }
    Record { envelope: Envelope::accepted(255, Timestamp::now()), event: builder.build().unwrap() }
}

pub(crate) fn spec() -> GroupSpec {
    GroupSpec {
        incarnation: "1".to_owned(),
        filter: Filter::everything(),
        start: StartAt::Now,
        order: Order::None,
        window: NonZeroUsize::new(10).unwrap(),
        max_waiting: 100_000,
        paused: false,
        longest_wait: Duration::from_secs(300),
    }
}

pub(crate) fn ordered() -> GroupSpec {
    GroupSpec { order: Order::Key, ..spec() }
}

pub(crate) fn id(delivery: &Delivery) -> u64 {
    delivery.record.event.id().parse().unwrap()
}

/// The next delivery; fails when none comes within ten minutes of paused time.
pub(crate) async fn next(subscription: &mut Subscription) -> Delivery {
    tokio::time::timeout(Duration::from_secs(600), subscription.next())
        .await
        .expect("no delivery came")
        .unwrap()
}

/// The next `n` deliveries, acked: their ids.
pub(crate) async fn take(subscription: &mut Subscription, n: usize) -> Vec<u64> {
    let mut ids = Vec::new();
    for _ in 0..n {
        let delivery = next(subscription).await;
        ids.push(id(&delivery));
        delivery.ack();
    }
    ids
}

/// Asserts that nothing more is lent for a second of paused time.
pub(crate) async fn nothing(subscription: &mut Subscription) {
    let more = tokio::time::timeout(Duration::from_secs(1), subscription.next()).await;
    assert!(more.is_err(), "unexpected delivery: {more:?}");
}

/// Lets the lane write its state and tidy up: seconds of paused time.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_secs(5)).await;
}
