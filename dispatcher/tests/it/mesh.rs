//! One broker on the memory backend, its triggers, and a dispatcher that runs.

use broker_core::engine::{Engine, Limits as EngineLimits};
use broker_core::{
    Arrival, Backend, Backoff, BackoffPolicy, Channel, ChannelId, ChannelOptions, ChannelRef, Channels,
    DeadLetter, DeadLetterQuery, DeliveryPolicy, GroupName, GroupSpec, HttpSink, Limits, ObjectKey, Order,
    Publisher, ReplyTo, Route, RoutesPublisher, RoutingTable, Sink, StartAt, TriggerRoute,
};
use channel_memory::MemoryBackend;
use dispatcher::{Dispatcher, Options};
use event::{Data, Event};
use filter::Filter;
use prometheus_client::registry::Registry;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const MAX_EVENT: usize = 4096;

pub(crate) struct Mesh {
    pub(crate) channel: Arc<Engine>,
    pub(crate) backend: MemoryBackend,
    pub(crate) shutdown: CancellationToken,
    pub(crate) running: JoinHandle<()>,
    pub(crate) hops: u8,
    publisher: Publisher,
    routes: RoutesPublisher,
    registry: Registry,
    generation: u64,
}

impl Mesh {
    /// A mesh whose broker has these triggers.
    pub(crate) async fn start(triggers: Vec<TriggerRoute>) -> Self {
        Self::with(triggers, Options::default()).await
    }

    pub(crate) async fn with(triggers: Vec<TriggerRoute>, options: Options) -> Self {
        let backend = MemoryBackend::new();
        let log = backend.open(&id(), &ChannelOptions::default()).await.unwrap();
        let channel = Engine::open(log, &ChannelOptions::default(), &EngineLimits::default());
        let channels = Channels::default();
        channels.insert(&id(), &(channel.clone() as Arc<dyn Channel>));
        let (publish, routes) = broker_core::routes();
        let publisher =
            Publisher::new(routes.clone(), channels.clone(), Limits { max_event_bytes: MAX_EVENT });
        let mut registry = Registry::default();
        let options = Options { max_event_bytes: MAX_EVENT, ..options };
        let dispatcher =
            Dispatcher::new(routes, channels, publisher.clone(), options, &mut registry).unwrap();
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(dispatcher.run(shutdown.clone()));
        let mut mesh = Self {
            channel,
            backend,
            shutdown,
            running,
            hops: 255,
            publisher,
            routes: publish,
            registry,
            generation: 0,
        };
        mesh.declare(triggers).await;
        mesh
    }

    /// Puts a table with these triggers in force.
    pub(crate) async fn declare(&mut self, triggers: Vec<TriggerRoute>) {
        for trigger in &triggers {
            self.channel.ensure_group(&trigger.group, trigger.spec.clone()).await.unwrap();
        }
        self.generation += 1;
        let channel =
            ChannelRef { backend: "memory".to_owned(), id: id(), options: ChannelOptions::default() };
        let triggers = triggers.into_iter().map(Arc::new).collect();
        let route = Route { key: broker(), channel, hops: self.hops, triggers };
        let routes = [(broker(), Arc::new(route))].into();
        self.routes.publish(RoutingTable { generation: self.generation, routes, ..RoutingTable::default() });
    }

    /// Sends an event to the broker.
    pub(crate) async fn send(&self, event: Event) {
        self.publisher.publish(&broker(), vec![event], Arrival::default()).await.unwrap();
    }

    pub(crate) async fn send_from(&self, event: Event, arrival: Arrival) {
        self.publisher.publish(&broker(), vec![event], arrival).await.unwrap();
    }

    /// The dead letters, once there are `n`.
    pub(crate) async fn dead_letters(&self, n: usize) -> Vec<DeadLetter> {
        let mut letters = Vec::new();
        self.until(async || {
            letters = self.channel.dead_letters().list(&DeadLetterQuery::default()).await.unwrap();
            letters.len() == n
        })
        .await;
        letters
    }

    /// Waits until so many deliveries of the group ended so: `delivered`, `failed`, `dead_letter`.
    pub(crate) async fn ended(&self, group: &str, result: &str, n: u32) {
        let line = format!(r#"sluice_deliveries_total{{trigger="{group}",result="{result}"}}"#);
        self.until(async || self.metric(&line) >= f64::from(n)).await;
        assert_eq!(self.metric(&line), f64::from(n));
    }

    /// Waits for a condition.
    pub(crate) async fn until(&self, mut condition: impl AsyncFnMut() -> bool) {
        let wait = async {
            while !condition().await {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), wait).await.expect("the condition comes true");
    }

    /// One value of `/metrics`, 0 when it is not there.
    pub(crate) fn metric(&self, line: &str) -> f64 {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        let found = text.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(' '));
        found.map_or(0.0, |v| v.parse().unwrap())
    }
}

impl Drop for Mesh {
    fn drop(&mut self) {
        self.shutdown.cancel();
        self.running.abort();
    }
}

pub(crate) fn id() -> ChannelId {
    ChannelId::from("broker/default/shop")
}

pub(crate) fn broker() -> ObjectKey {
    ObjectKey::broker("default", "shop")
}

pub(crate) fn http(url: &str) -> Sink {
    Sink::Http(Arc::new(HttpSink { uri: url.parse().unwrap(), ca_certs: None, client_certificate: None }))
}

/// A trigger that takes everything, tries `retries` times more, and waits next to nothing.
pub(crate) fn trigger(name: &str, sink: Sink, retries: u32) -> TriggerRoute {
    let backoff = Backoff {
        policy: BackoffPolicy::Linear,
        delay: Duration::from_millis(1),
        max: Duration::from_millis(50),
    };
    TriggerRoute {
        group: GroupName::from(format!("default/{name}").as_str()),
        namespace: "default".into(),
        spec: GroupSpec {
            incarnation: String::new(),
            filter: Filter::everything(),
            start: StartAt::Now,
            order: Order::None,
            window: NonZeroUsize::new(100).unwrap(),
            max_waiting: 1000,
            paused: false,
            longest_wait: Duration::from_secs(300),
        },
        sink,
        reply: Some(ReplyTo::Target(broker())),
        step: false,
        delivery: DeliveryPolicy {
            retries,
            backoff,
            timeout: Duration::from_secs(10),
            ..DeliveryPolicy::default()
        },
        dead_letter_sink: None,
        handshake: false,
    }
}

/// The trigger takes only events of this type.
pub(crate) fn only(mut trigger: TriggerRoute, ty: &str) -> TriggerRoute {
    trigger.spec.filter = Filter::Exact("type".to_owned(), ty.to_owned());
    trigger
}

pub(crate) fn order(id: &str) -> Event {
    Event::builder()
        .set("id", id)
        .set("source", "/shop")
        .set("type", "order")
        .set("datacontenttype", "application/json")
        .data(Data::Bytes(r#"{"a":1}"#.into()))
        .build()
        .unwrap()
}
