//! From a table to channels and groups, and back.

use crate::mesh::{settle, spec, take};
use broker_core::{
    Arrival, Backend, ChannelId, ChannelOptions, ChannelRef, Channels, GroupSpec, Limits, ObjectKey,
    PrintSink, Provisioner, PublishError, Publisher, Readiness, Route, Routes, RoutingTable, Sink, StartAt,
    State, TargetKind, TriggerRoute, routes,
};
use channel_memory::MemoryBackend;
use event::Event;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

struct House {
    backend: MemoryBackend,
    provisioner: Provisioner,
    channels: Channels,
    routes: Routes,
    readiness: Arc<Readiness>,
}

fn house(backend: &MemoryBackend) -> House {
    let (publisher, routes) = routes();
    let channels = Channels::default();
    let readiness = Arc::new(Readiness::default());
    let backends: Vec<Arc<dyn Backend>> = vec![Arc::new(backend.clone())];
    let keep = Duration::from_secs(24 * 3600);
    let provisioner = Provisioner::new(backends, channels.clone(), publisher, readiness.clone(), keep);
    House { backend: backend.clone(), provisioner, channels, routes, readiness }
}

fn trigger(name: &str) -> TriggerRoute {
    let sink = Arc::new(PrintSink {
        name: "default/log".to_owned(),
        logger: "log".to_owned(),
        show_headers: true,
        show_body: true,
        multiline: false,
    });
    TriggerRoute {
        group: name.into(),
        namespace: "default".into(),
        spec: spec(),
        sink: Sink::Print(sink),
        reply: None,
        step: false,
        delivery: broker_core::DeliveryPolicy::default(),
        dead_letter_sink: None,
        handshake: false,
    }
}

fn earliest(name: &str) -> Arc<TriggerRoute> {
    let spec = GroupSpec { start: StartAt::Earliest, ..spec() };
    Arc::new(TriggerRoute { spec, ..trigger(name) })
}

fn table(triggers: &[&str]) -> RoutingTable {
    let trigger = |name: &&str| Arc::new(trigger(name));
    let channel = ChannelRef {
        backend: "memory".to_owned(),
        id: ChannelId::from("broker/default/shop"),
        options: ChannelOptions { retention: Duration::from_secs(3600), ..ChannelOptions::default() },
    };
    let key = ObjectKey::broker("default", "shop");
    let route =
        Route { key: key.clone(), channel, hops: 255, triggers: triggers.iter().map(trigger).collect() };
    RoutingTable { generation: 1, routes: [(key, Arc::new(route))].into(), ..RoutingTable::default() }
}

fn event(id: u64) -> Event {
    Event::builder().set("id", &id.to_string()).set("source", "/s").set("type", "t").build().unwrap()
}

async fn publish(house: &House, id: u64) {
    publish_to(house, &ObjectKey::broker("default", "shop"), id).await.unwrap();
}

async fn publish_to(house: &House, target: &ObjectKey, id: u64) -> Result<(), PublishError> {
    let door = Publisher::new(house.routes.clone(), house.channels.clone(), Limits { max_event_bytes: 1000 });
    door.publish(target, vec![event(id)], Arrival::default()).await
}

fn sequence() -> ObjectKey {
    ObjectKey::new(TargetKind::Sequence, "default", "orders")
}

/// A table with a flow of so many steps.
fn flow(steps: usize) -> RoutingTable {
    let group = |n: usize| format!("sequences/default/orders/step-{n}");
    let names: Vec<String> = (1..=steps).map(group).collect();
    let mut table = table(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let (_, route) = table.routes.pop_first().unwrap();
    table.routes.insert(sequence(), Arc::new(Route { key: sequence(), ..Route::clone(&route) }));
    table
}

/// Else it would be answered with 202 and go to nobody.
#[tokio::test(start_paused = true)]
async fn a_flow_takes_no_event_before_its_steps_are_there() {
    let mut house = house(&MemoryBackend::new());
    house.backend.faults().refuse_appends(1);
    assert!(!house.provisioner.apply(&flow(2)).await);
    let refused = publish_to(&house, &sequence(), 1).await;
    assert!(matches!(refused, Err(PublishError::Unavailable { .. })), "{refused:?}");
    assert!(house.provisioner.apply(&flow(2)).await);
    publish_to(&house, &sequence(), 1).await.unwrap();
}

/// Else a step's answers would be handed on to a place that is not there.
#[tokio::test(start_paused = true)]
async fn a_changed_flow_is_in_force_when_all_its_steps_are_there() {
    let mut house = house(&MemoryBackend::new());
    assert!(house.provisioner.apply(&flow(1)).await);
    let before = house.routes.snapshot().route(&sequence()).cloned();
    house.backend.faults().refuse_appends(1);
    assert!(!house.provisioner.apply(&flow(2)).await);
    assert_eq!(house.routes.snapshot().route(&sequence()).cloned(), before);
    publish_to(&house, &sequence(), 1).await.unwrap();
    let states = || house.readiness.get("Sequence/default/orders");
    assert!(matches!(states(), Some(State::NotReady { .. })), "{:?}", states());
    assert!(house.provisioner.apply(&flow(2)).await);
    assert_eq!(house.routes.snapshot().route(&sequence()).map(|route| route.triggers.len()), Some(2));
}

#[tokio::test(start_paused = true)]
async fn a_table_in_force_keeps_its_word_and_removed_things_come_back_where_they_were() {
    let backend = MemoryBackend::new();
    let mut house = house(&backend);
    assert!(house.provisioner.apply(&table(&["default/a", "default/b"])).await);
    assert_eq!(house.readiness.get("Trigger/default/a"), Some(State::Ready));
    assert_eq!(house.readiness.get("Broker/default/shop"), Some(State::Ready));
    let channel = house.channels.get(&"broker/default/shop".into()).unwrap();
    let mut a = channel.subscribe(&"default/a".into()).await.unwrap();
    publish(&house, 1).await;
    assert_eq!(take(&mut a, 1).await, [1]);

    assert!(house.provisioner.apply(&table(&["default/b"])).await);
    assert_eq!(house.readiness.get("Trigger/default/a"), None);
    publish(&house, 2).await;
    assert!(a.next().await.is_none(), "nobody is lent anything any more");

    assert!(house.provisioner.apply(&RoutingTable::default()).await);
    assert!(house.channels.get(&"broker/default/shop".into()).is_none());
    settle().await;

    assert!(house.provisioner.apply(&table(&["default/a", "default/b"])).await);
    let channel = house.channels.get(&"broker/default/shop".into()).unwrap();
    let mut a = channel.subscribe(&"default/a".into()).await.unwrap();
    assert_eq!(take(&mut a, 1).await, [2]);
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_is_away_leaves_things_not_ready_until_it_is_back() {
    let backend = MemoryBackend::new();
    let mut house = house(&backend);
    house.backend.faults().refuse_appends(1);
    assert!(!house.provisioner.apply(&table(&["default/a"])).await);
    assert!(matches!(house.readiness.get("Trigger/default/a"), Some(State::NotReady { .. })));
    assert!(house.provisioner.apply(&table(&["default/a"])).await);
    assert_eq!(house.readiness.get("Trigger/default/a"), Some(State::Ready));
}

#[tokio::test(start_paused = true)]
async fn an_object_with_two_groups_is_ready_when_both_are() {
    let (own, reply) = ("subscriptions/default/s", "subscriptions/default/s/reply");
    let backend = MemoryBackend::new();
    let mut house = house(&backend);
    let state = |house: &House| house.readiness.get("Subscription/default/s");
    house.backend.faults().refuse_appends(1);
    assert!(!house.provisioner.apply(&table(&[own, reply])).await, "one of two was refused");
    assert!(matches!(state(&house), Some(State::NotReady { .. })));
    assert!(house.provisioner.apply(&table(&[own, reply])).await);
    assert_eq!(state(&house), Some(State::Ready));
    assert!(house.provisioner.apply(&table(&[own])).await);
    assert_eq!(state(&house), Some(State::Ready), "it lost one group and keeps the other");
    assert!(house.provisioner.apply(&table(&[])).await);
    assert_eq!(state(&house), None);
}

/// Lets a process live with this table, long enough for it to look at what was removed twice.
async fn live(house: House, table: RoutingTable) {
    let stop = CancellationToken::new();
    let (_tables, table) = watch::channel(Arc::new(table));
    let running = tokio::spawn(house.provisioner.run(table, stop.clone()));
    tokio::time::sleep(Duration::from_secs(1500)).await;
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_removed_broker_keeps_its_history_over_a_restart() {
    let backend = MemoryBackend::new();
    let mut first = house(&backend);
    assert!(first.provisioner.apply(&table(&["default/a"])).await);
    publish(&first, 1).await;
    let channel = first.channels.get(&"broker/default/shop".into()).unwrap();
    let mut a = channel.subscribe(&"default/a".into()).await.unwrap();
    assert_eq!(take(&mut a, 1).await, [1]);
    live(first, table(&["default/a"])).await;

    let backend = backend.faults().restart();
    live(house(&backend), RoutingTable::default()).await;

    let backend = backend.faults().restart();
    let mut back = house(&backend);
    let mut table = table(&[]);
    let key = ObjectKey::broker("default", "shop");
    let route = Route { triggers: vec![earliest("default/b")], ..Route::clone(&table.routes[&key]) };
    table.routes.insert(key, Arc::new(route));
    assert!(back.provisioner.apply(&table).await);
    let channel = back.channels.get(&"broker/default/shop".into()).unwrap();
    let mut b = channel.subscribe(&"default/b".into()).await.unwrap();
    assert_eq!(take(&mut b, 1).await, [1]);
}
