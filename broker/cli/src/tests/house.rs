//! A server to ask, a sink to send to, and a way to type commands.

use crate::commands::{Cli, Command, dispatch, sink};
use crate::error::Exit;
use crate::output::tests::{Captured, captured};
use admin::{Admin, Gauges};
use broker_core::{
    Backend, Capabilities, Channel, ChannelId, Channels, DeadLetter, GroupName, Limits, ObjectKey,
    Provisioner, Publisher, Readiness, RoutingTable, routes,
};
use bytes::Bytes;
use channel_memory::MemoryBackend;
use clap::Parser;
use crds::{Compiled, ObjectId, ObjectStatus};
use event::{Envelope, Event, Record, Timestamp};
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What a command did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) exit: Exit,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Done {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Types a command and waits for its end.
pub(crate) async fn sluice(arguments: &[&str]) -> Done {
    let (mut output, out, err) = captured();
    let command = Cli::try_parse_from(["sluice"].iter().chain(arguments)).unwrap().command;
    let Command::Other(command) = command else { panic!("run is not carried out here") };
    let result = dispatch(command, backends(), &mut output).await;
    let exit = output.conclude(result);
    Done { exit, out: out.text(), err: err.text() }
}

pub(crate) fn backends() -> BTreeMap<String, Capabilities> {
    BTreeMap::from([("log".to_owned(), Capabilities { ordered_lanes: true, replay: true, durable: true })])
}

/// A running `sluice sink` and what it printed.
pub(crate) struct Sink {
    pub(crate) url: String,
    pub(crate) out: Captured,
    pub(crate) err: Captured,
    _stop: DropGuard,
}

pub(crate) async fn a_sink(flags: &[&str]) -> Sink {
    let typed = ["sluice", "sink"].iter().chain(flags);
    let Command::Other(crate::commands::Other::Sink(args)) = Cli::try_parse_from(typed).unwrap().command
    else {
        panic!("not a sink")
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (mut output, out, err) = captured();
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move { sink::serve(&args, listener, token, &mut output).await });
    Sink { url, out, err, _stop: stop.drop_guard() }
}

/// A server with the Broker `default/shop` and its Trigger `bill`.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) channels: Channels,
    pub(crate) publisher: Publisher,
    pub(crate) stop: CancellationToken,
    _provisioner: Provisioner,
}

impl Server {
    pub(crate) async fn start(table: RoutingTable, objects: Vec<ObjectStatus>) -> Self {
        let (tables, routes) = routes();
        let (channels, readiness) = (Channels::default(), Arc::<Readiness>::default());
        let backend = Arc::new(MemoryBackend::new());
        let backends: Vec<Arc<dyn Backend>> = vec![backend];
        let keep = Duration::from_secs(60);
        let mut provisioner = Provisioner::new(backends, channels.clone(), tables, readiness.clone(), keep);
        assert!(provisioner.apply(&table).await);
        let publisher = Publisher::new(routes.clone(), channels.clone(), Limits { max_event_bytes: 1 << 20 });
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Gauges::new(routes.clone(), channels.clone(), BTreeMap::new())));
        let admin = Admin {
            channels: channels.clone(),
            routes,
            publisher: publisher.clone(),
            readiness,
            compiled: watch::channel(Arc::new(Compiled { objects, ..Compiled::default() })).1,
            published: provisioner.published(),
            draining: CancellationToken::new(),
            backends: BTreeMap::new(),
            registry: Arc::new(registry),
            token: None,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(admin.serve(listener, stop.clone()));
        Self { url, channels, publisher, stop, _provisioner: provisioner }
    }

    /// Types a command with this server's address behind it.
    pub(crate) async fn sluice(&self, arguments: &[&str]) -> Done {
        sluice(&[arguments, &["--server", &self.url]].concat()).await
    }

    pub(crate) fn channel(&self) -> Arc<dyn Channel> {
        self.channels.get(&ChannelId::from("broker/default/shop")).unwrap()
    }

    pub(crate) async fn publish(&self, ty: &str, id: &str) {
        let target = ObjectKey::broker("default", "shop");
        self.publisher.publish(&target, vec![event(ty, id)], Default::default()).await.unwrap();
    }

    pub(crate) async fn bury(&self, id: &str) {
        let letter = DeadLetter {
            id: id.to_owned(),
            group: GroupName::from("default/bill"),
            record: Arc::new(Record {
                envelope: Envelope::accepted(255, Timestamp(1000)),
                event: event("order.new", id),
            }),
            reason: "the sink answered 400".to_owned(),
            attempts: 3,
            last_status: Some(400),
            last_body: Bytes::from_static(b"no such \x1b[2Jcustomer"),
            first_time: Timestamp(1000),
            last_time: Timestamp(2000),
        };
        self.channel().dead_letters().put(letter).await.unwrap();
    }
}

pub(crate) fn event(ty: &str, id: &str) -> Event {
    Event::builder().set("id", id).set("source", "/test").set("type", ty).build().unwrap()
}

pub(crate) fn object(kind: &str, namespace: &str, name: &str, status: Value) -> ObjectStatus {
    let id = ObjectId { kind: kind.to_owned(), namespace: namespace.to_owned(), name: name.to_owned() };
    let version = if kind == "Secret" { "v1" } else { "eventing.knative.dev/v1" };
    let created = jiff::Timestamp::now() - Duration::from_secs(200);
    let metadata = json!({ "name": name, "namespace": namespace, "creationTimestamp": created.to_string() });
    let manifest = json!({ "apiVersion": version, "kind": kind, "metadata": metadata });
    ObjectStatus { id, manifest, status, valid: true }
}
