//! A small mesh: Broker `default/shop` with the Triggers `bill` and `ship`.

use crate::api::{Api, router};
use crate::first_seen::FirstSeen;
use crate::{Admin, Gauges, Phase};
use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use broker_core::{
    AppendError, Channel, ChannelError, ChannelId, ChannelOptions, ChannelRef, Channels, DeadLetterStore,
    DeliveryPolicy, GroupName, GroupSpec, Health, HttpSink, Lag, Limits, ObjectKey, Order, Publisher,
    Readiness, Route, RoutesPublisher, RoutingTable, Sink, StartAt, Subscription, TriggerRoute, routes,
};
use crds::{Compiled, ObjectId, ObjectStatus};
use event::{Event, Record, Timestamp};
use filter::Filter;
use http::{Request, Response};
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// A channel that takes everything and is behind by what it is told.
pub(crate) struct Still {
    pub(crate) lag: BTreeMap<String, Lag>,
}

#[async_trait]
impl Channel for Still {
    async fn append(&self, _records: Vec<Record>) -> Result<(), AppendError> {
        Ok(())
    }
    async fn ensure_group(&self, _group: &GroupName, _spec: GroupSpec) -> Result<(), ChannelError> {
        Ok(())
    }
    async fn park_group(&self, _group: &GroupName) -> Result<(), ChannelError> {
        Ok(())
    }
    async fn remove_group(&self, _group: &GroupName) -> Result<(), ChannelError> {
        Ok(())
    }
    async fn subscribe(&self, _group: &GroupName) -> Result<Subscription, ChannelError> {
        Err(ChannelError::Closed)
    }
    fn lag(&self, group: &GroupName) -> Option<Lag> {
        self.lag.get(group.as_str()).copied()
    }
    fn parked_groups(&self) -> Vec<(GroupName, Timestamp)> {
        Vec::new()
    }
    fn dead_letters(&self) -> Arc<DeadLetterStore> {
        Arc::default()
    }
    fn bytes(&self) -> u64 {
        0
    }
    async fn close(&self) {}
}

/// The mesh with the ends that tests pull.
pub(crate) struct House {
    pub(crate) admin: Admin,
    pub(crate) phase: watch::Sender<Phase>,
    pub(crate) log: watch::Sender<Health>,
    pub(crate) compiled: watch::Sender<Arc<Compiled>>,
    pub(crate) stop: CancellationToken,
    _routes: RoutesPublisher,
}

impl House {
    pub(crate) fn new() -> Self {
        let (table, routes) = routes();
        table.publish(shop());
        let channels = Channels::default();
        let lag =
            BTreeMap::from([("default/bill".to_owned(), behind(7)), ("default/ship".to_owned(), behind(2))]);
        let still: Arc<dyn Channel> = Arc::new(Still { lag });
        channels.insert(&ChannelId::from("broker/default/shop"), &still);
        let (phase, phases) = watch::channel(Phase::Running);
        let (log, health) = watch::channel(Health::Up);
        let (compiled, declared) = watch::channel(Arc::new(declared()));
        let backends = BTreeMap::from([("log".to_owned(), health)]);
        let mut registry = Registry::default();
        let gauges = Gauges::new(routes.clone(), channels.clone(), backends.clone());
        registry.register_collector(Box::new(gauges));
        let admin = Admin {
            publisher: Publisher::new(routes.clone(), channels.clone(), Limits { max_event_bytes: 1 << 20 }),
            channels,
            routes,
            readiness: Arc::default(),
            compiled: declared,
            phase: phases,
            backends,
            registry: Arc::new(registry),
            token: None,
        };
        Self { admin, phase, log, compiled, stop: CancellationToken::new(), _routes: table }
    }

    pub(crate) fn readiness(&self) -> &Readiness {
        &self.admin.readiness
    }

    /// The router as a listener on `address` has it.
    pub(crate) fn router_on(&self, address: &str) -> Router {
        let stop = self.stop.clone();
        let api = Api { admin: self.admin.clone(), first_seen: FirstSeen::default(), stop };
        router(Arc::new(api), address.parse().unwrap())
    }

    pub(crate) async fn ask(&self, method: &str, path: &str) -> Answer {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        Answer::of(self.router_on("127.0.0.1:9090").oneshot(request).await.unwrap()).await
    }

    pub(crate) async fn publish(&self, ty: &str, id: &str) {
        let target = ObjectKey::broker("default", "shop");
        self.admin.publisher.publish(&target, vec![event(ty, id)], Default::default()).await.unwrap();
    }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(response: Response<Body>) -> Self {
        let content_type = response.headers().get("content-type").map_or("", |v| v.to_str().unwrap());
        let content_type = content_type.to_owned();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Self { status, content_type, text: String::from_utf8(body.to_vec()).unwrap() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }
}

pub(crate) fn event(ty: &str, id: &str) -> Event {
    Event::builder().set("id", id).set("source", "/test").set("type", ty).build().unwrap()
}

fn behind(backlog: u64) -> Lag {
    let oldest = Timestamp(Timestamp::now().0 - backlog * 1000);
    Lag { backlog, in_flight: 1, waiting: backlog - 1, oldest: Some(oldest), unreachable: false }
}

fn shop() -> RoutingTable {
    let key = ObjectKey::broker("default", "shop");
    let channel = ChannelRef {
        backend: "log".to_owned(),
        id: ChannelId::from("broker/default/shop"),
        options: ChannelOptions::default(),
    };
    let bill = trigger("bill", Filter::Prefix("type".to_owned(), "order.".to_owned()));
    let ship = trigger("ship", Filter::Exact("type".to_owned(), "order.paid".to_owned()));
    let route = Route { key: key.clone(), channel, hops: 255, triggers: vec![bill, ship] };
    RoutingTable { generation: 1, routes: BTreeMap::from([(key, Arc::new(route))]) }
}

fn trigger(name: &str, filter: Filter) -> Arc<TriggerRoute> {
    let uri = "http://127.0.0.1:3000/".parse().unwrap();
    Arc::new(TriggerRoute {
        group: GroupName::from(format!("default/{name}").as_str()),
        namespace: "default".into(),
        spec: GroupSpec {
            incarnation: String::new(),
            filter,
            start: StartAt::Now,
            order: Order::None,
            window: std::num::NonZeroUsize::new(100).unwrap(),
            max_waiting: 100,
            paused: name == "ship",
        },
        sink: Sink::Http(Arc::new(HttpSink { uri, ca_certs: None })),
        reply: None,
        delivery: DeliveryPolicy::default(),
        dead_letter_sink: None,
    })
}

fn declared() -> Compiled {
    let ready = json!({ "conditions": [{ "type": "Ready", "status": "True" }] });
    let refused = json!({ "conditions": [{ "type": "Ready", "status": "False", "reason": "BadFilter" }] });
    Compiled {
        table: shop(),
        problems: Vec::new(),
        objects: vec![
            object("Broker", "shop", ready.clone(), true),
            object("Trigger", "bill", ready.clone(), true),
            object("Trigger", "torn", refused, false),
            object("Secret", "key", json!({}), true),
        ],
    }
}

pub(crate) fn object(kind: &str, name: &str, status: Value, valid: bool) -> ObjectStatus {
    let id = ObjectId { kind: kind.to_owned(), namespace: "default".to_owned(), name: name.to_owned() };
    let mut manifest = json!({ "apiVersion": "v1", "kind": kind, "metadata": { "name": name } });
    if kind == "Secret" {
        manifest["data"] = json!({ "password": "aHVudGVyMg==" });
    }
    ObjectStatus { id, manifest, status, valid }
}
