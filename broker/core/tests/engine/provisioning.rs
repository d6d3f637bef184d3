//! From a table to channels and groups, and back.

use crate::mesh::{settle, spec, take};
use broker_core::{
    Arrival, Backend, ChannelId, ChannelOptions, ChannelRef, Channels, Limits, ObjectKey, PrintSink,
    Provisioner, Publisher, Readiness, Route, Routes, RoutingTable, Sink, State, TriggerRoute, routes,
};
use channel_memory::MemoryBackend;
use event::Event;
use std::sync::Arc;
use std::time::Duration;

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

fn table(triggers: &[&str]) -> RoutingTable {
    let sink = Arc::new(PrintSink {
        name: "default/log".to_owned(),
        logger: "log".to_owned(),
        show_headers: true,
        show_body: true,
        multiline: false,
    });
    let trigger = |name: &&str| {
        Arc::new(TriggerRoute {
            group: (*name).into(),
            namespace: "default".into(),
            spec: spec(),
            sink: Sink::Print(sink.clone()),
            reply: None,
            delivery: broker_core::DeliveryPolicy::default(),
            dead_letter_sink: None,
        })
    };
    let channel = ChannelRef {
        backend: "memory".to_owned(),
        id: ChannelId::from("broker/default/shop"),
        options: ChannelOptions::default(),
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
    let door = Publisher::new(house.routes.clone(), house.channels.clone(), Limits { max_event_bytes: 1000 });
    door.publish(&ObjectKey::broker("default", "shop"), vec![event(id)], Arrival::default()).await.unwrap();
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
