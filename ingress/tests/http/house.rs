//! A listener before an engine over the memory log, and clients that say exactly what the test says.

use crate::gate::{Gate, Gated};
use broker_core::engine::{self, Engine};
use broker_core::{
    Backend, Channel, ChannelId, ChannelOptions, ChannelRef, Channels, DeliveryPolicy, Entry, GroupName,
    GroupSpec, Lane, Limits, Log, ObjectKey, Order, Publisher, Route, RoutesPublisher, RoutingTable, Sink,
    StartAt, TargetKind, TriggerRoute, routes,
};
use channel_memory::{Faults, MemoryBackend};
use event::Record;
use filter::Filter;
use ingress::{Ingress, Metrics, Options, Tls};
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What the Broker `default/shop` (and every other target of the table) stands before.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) faults: Faults,
    pub(crate) shutdown: CancellationToken,
    pub(crate) serving: JoinHandle<()>,
    pub(crate) gate: Gate,
    log: Arc<dyn Log>,
    registry: Registry,
    table: RoutesPublisher,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        Self::furnished(options, None).await
    }

    pub(crate) async fn secured(tls: Tls) -> Self {
        Self::furnished(Options { max_event_size: 1000, ..Options::default() }, Some(tls)).await
    }

    async fn furnished(options: Options, tls: Option<Tls>) -> Self {
        let id = ChannelId::from("test");
        let backend = MemoryBackend::new();
        let log = backend.open(&id, &ChannelOptions::default()).await.unwrap();
        let engine = Engine::open(log.clone(), &ChannelOptions::default(), &engine::Limits::default());
        let gate = Gate::default();
        let channel: Arc<dyn Channel> = Arc::new(Gated { channel: engine, gate: gate.clone() });
        let channels = Channels::default();
        channels.insert(&id, &channel);
        let (table, routes) = routes();
        table.publish(RoutingTable { generation: 1, routes: targets(&id), ..RoutingTable::default() });
        let limits = Limits { max_event_bytes: options.max_event_size + ingress::HEAD_BYTES };
        let publisher = Publisher::new(routes, channels, limits);
        let mut registry = Registry::default();
        let metrics = Metrics::new(&mut registry);
        let ingress = Ingress::bind(([127, 0, 0, 1], 0).into(), options).await.unwrap();
        let ingress = match tls {
            Some(tls) => ingress.secured(tls),
            None => ingress,
        };
        let address = ingress.local_addr();
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(ingress.serve(publisher, metrics, shutdown.clone()));
        Self { address, faults: backend.faults(), shutdown, serving, gate, log, registry, table }
    }

    /// The events in the log.
    pub(crate) async fn accepted(&self) -> Vec<Arc<Record>> {
        let end = self.log.end(Lane(0)).await.unwrap();
        let all: Vec<_> = (0..end).collect();
        let entries = self.log.get(Lane(0), &all).await.unwrap();
        entries
            .into_iter()
            .filter_map(|(_, entry)| match entry {
                Entry::Event(record) => Some(record),
                Entry::Group(_) | Entry::Done(_) | Entry::DeadLetter(_) => None,
            })
            .collect()
    }

    /// Takes all targets away.
    pub(crate) fn forget_targets(&self) {
        self.table.publish(RoutingTable { generation: 2, ..RoutingTable::default() });
    }

    /// The value of one metric, named with its labels; 0 when it is not there.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        let line = text.lines().find(|line| line.split_once(' ').is_some_and(|(n, _)| n == name));
        line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
    }
}

/// Nobody listens to it.
fn stage(of: &ObjectKey) -> TriggerRoute {
    TriggerRoute {
        group: GroupName::of_flow(of, "stage"),
        namespace: "default".into(),
        spec: GroupSpec {
            incarnation: "1".to_owned(),
            filter: Filter::everything(),
            start: StartAt::Now,
            order: Order::None,
            window: NonZeroUsize::MIN,
            max_waiting: 1,
            paused: false,
            longest_wait: Duration::ZERO,
        },
        sink: Sink::Target(of.clone()),
        reply: None,
        step: false,
        delivery: DeliveryPolicy::default(),
        dead_letter_sink: None,
        handshake: false,
    }
}

fn targets(channel: &ChannelId) -> BTreeMap<ObjectKey, Arc<Route>> {
    let kinds = [TargetKind::Broker, TargetKind::Channel, TargetKind::Sequence, TargetKind::Parallel];
    let route = |kind| {
        let key = ObjectKey { kind, namespace: "default".into(), name: "shop".into() };
        let options = ChannelOptions::default();
        let channel = ChannelRef { backend: "memory".to_owned(), id: channel.clone(), options };
        // A flow takes events when it has a stage.
        let triggers = vec![Arc::new(stage(&key))];
        (key.clone(), Arc::new(Route { key, channel, hops: 255, triggers }))
    };
    kinds.map(route).into()
}
