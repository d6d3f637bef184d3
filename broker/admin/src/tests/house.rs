//! A small mesh over a channel in memory: Broker `default/shop` with the Triggers `bill`, `ship` and `hold`.

use crate::api::{Api, router};
use crate::first_seen::FirstSeen;
use crate::{Admin, Gauges};
use axum::Router;
use axum::body::{Body, to_bytes};
use broker_core::{
    Backend, Channel, ChannelId, ChannelOptions, ChannelRef, Channels, DeadLetter, DeliveryPolicy, GroupName,
    GroupSpec, HttpSink, Limits, ObjectKey, Order, Provisioner, Publisher, Readiness, Route, RoutingTable,
    Sink, StartAt, TriggerRoute, routes,
};
use bytes::Bytes;
use channel_memory::MemoryBackend;
use crds::{Compiled, ObjectId, ObjectStatus};
use event::{Envelope, Event, Record, Timestamp};
use filter::Filter;
use http::{Request, Response};
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The mesh with the ends that tests pull.
pub(crate) struct House {
    pub(crate) admin: Admin,
    pub(crate) backend: Arc<MemoryBackend>,
    pub(crate) stop: CancellationToken,
    /// Ends the channels with it.
    _provisioner: Provisioner,
}

impl House {
    pub(crate) async fn new() -> Self {
        let mut house = Self::starting();
        assert!(house._provisioner.apply(&shop()).await);
        house
    }

    /// Before the first table is in force.
    pub(crate) fn starting() -> Self {
        let (tables, routes) = routes();
        let channels = Channels::default();
        let readiness = Arc::<Readiness>::default();
        let backend = Arc::new(MemoryBackend::new());
        let provisioner = Provisioner::new(
            vec![backend.clone()],
            channels.clone(),
            tables,
            readiness.clone(),
            Duration::from_secs(60),
        );
        let backends = BTreeMap::from([("memory".to_owned(), backend.health())]);
        let mut registry = Registry::default();
        let gauges = Gauges::new(routes.clone(), channels.clone(), backends.clone());
        registry.register_collector(Box::new(gauges));
        let limits = Limits { max_event_bytes: 1 << 20 };
        let admin = Admin {
            publisher: Publisher::new(routes.clone(), channels.clone(), limits),
            channels,
            routes,
            readiness,
            compiled: watch::channel(Arc::new(declared())).1,
            published: provisioner.published(),
            draining: CancellationToken::new(),
            backends,
            registry: Arc::new(registry),
            token: None,
        };
        Self { admin, backend, stop: CancellationToken::new(), _provisioner: provisioner }
    }

    pub(crate) fn channel(&self) -> Arc<dyn Channel> {
        self.admin.channels.get(&ChannelId::from("broker/default/shop")).unwrap()
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

    /// Keeps a dead letter of a trigger of the shop, that failed last `time` ms after 1970.
    pub(crate) async fn bury(&self, id: &str, trigger: &str, ty: &str, time: u64) {
        self.channel().dead_letters().put(letter(id, trigger, ty, time)).await.unwrap();
    }

    /// Keeps one in the channel of the other Broker.
    pub(crate) async fn bury_in_attic(&self, id: &str) {
        let attic = self.admin.channels.get(&ChannelId::from("broker/default/attic")).unwrap();
        attic.dead_letters().put(letter(id, "default/old", "order.old", 1)).await.unwrap();
    }
}

fn letter(id: &str, trigger: &str, ty: &str, time: u64) -> DeadLetter {
    DeadLetter {
        id: id.to_owned(),
        group: GroupName::from(trigger),
        record: Arc::new(Record { envelope: Envelope::accepted(255, Timestamp(time)), event: event(ty, id) }),
        reason: "the sink answered 400".to_owned(),
        attempts: 3,
        last_status: Some(400),
        last_body: Bytes::from_static(b"no \xff"),
        first_time: Timestamp(time),
        last_time: Timestamp(time),
    }
}

/// What must come; a test that waits in vain says so.
pub(crate) async fn soon<T>(coming: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), coming).await.expect("it comes within a minute")
}

/// Asks until the answer is yes; a test that waits in vain says so.
pub(crate) async fn until(what: &str, mut yes: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !yes().await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), asking).await.unwrap_or_else(|_| panic!("never: {what}"));
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

fn shop() -> RoutingTable {
    let bill = trigger("bill", Filter::Prefix("type".to_owned(), "order.".to_owned()));
    let ship = trigger("ship", Filter::Exact("type".to_owned(), "order.paid".to_owned()));
    let hold = trigger("hold", Filter::Prefix("type".to_owned(), "hold.".to_owned()));
    let routes = [broker("attic", Vec::new()), broker("shop", vec![bill, hold, ship])];
    let routes = routes.into_iter().map(|r| (r.key.clone(), Arc::new(r))).collect();
    RoutingTable { routes, ..RoutingTable::default() }
}

fn broker(name: &str, triggers: Vec<Arc<TriggerRoute>>) -> Route {
    let channel = ChannelRef {
        backend: "memory".to_owned(),
        id: ChannelId::from(format!("broker/default/{name}").as_str()),
        options: ChannelOptions::default(),
    };
    Route { key: ObjectKey::broker("default", name), channel, hops: 255, triggers }
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
            paused: name == "hold",
            longest_wait: Duration::from_secs(300),
        },
        sink: Sink::Http(Arc::new(HttpSink { uri, ca_certs: None, client_certificate: None })),
        reply: None,
        step: false,
        delivery: DeliveryPolicy::default(),
        dead_letter_sink: None,
        handshake: false,
    })
}

fn declared() -> Compiled {
    let ready = json!({ "conditions": [{ "type": "Ready", "status": "True" }] });
    let refused = json!({ "conditions": [{ "type": "Ready", "status": "False", "reason": "BadFilter" }] });
    Compiled {
        table: shop(),
        objects: vec![
            object("Broker", "shop", ready.clone(), true),
            object("Trigger", "bill", ready.clone(), true),
            object("Trigger", "ship", ready.clone(), true),
            object("Trigger", "hold", ready.clone(), true),
            object("Trigger", "torn", refused, false),
        ],
        ..Compiled::default()
    }
}

pub(crate) fn object(kind: &str, name: &str, status: Value, valid: bool) -> ObjectStatus {
    let id = ObjectId { kind: kind.to_owned(), namespace: "default".to_owned(), name: name.to_owned() };
    let manifest = json!({ "apiVersion": "v1", "kind": kind, "metadata": { "name": name } });
    ObjectStatus { id, manifest, status, valid }
}
