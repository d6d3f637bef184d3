//! SIGTERM: what is under way is finished, the rest is kept.

use std::time::Duration;
use tests::{Mesh, Message, Reaction, Sink, Trigger, broker, until};

#[tokio::test]
async fn deliveries_under_way_are_finished_and_not_repeated() {
    let sink = Sink::reacting(Reaction::Slow(Duration::from_secs(1))).await;
    let mut mesh = Mesh::with(&[broker("shop", &[]), Trigger::new("bill", &sink.url()).to_string()]).await;
    mesh.accept("/default/shop", (0..5).map(|n| Message::new(&n.to_string(), "order"))).await;
    sink.got(5).await;
    let (ready, events) = (mesh.admin("/readyz"), mesh.events("/default/shop"));
    mesh.terminate();
    until("not ready", async || mesh.client().get(&ready).await.is_none_or(|answer| answer.status == 503))
        .await;
    until("no more events", async || {
        mesh.client().post(&events, Message::new("late", "order")).await.is_none()
    })
    .await;
    assert!(mesh.ended().await.success());

    sink.then(Reaction::Status(200));
    mesh.start().await;
    mesh.accept("/default/shop", [Message::new("marker", "order")]).await;
    until("the marker", async || sink.ids().contains(&"marker".to_owned())).await;
    let once = sink.ids().iter().filter(|id| *id == "0").count();
    assert_eq!(once, 1, "{:?}", sink.ids());
}

#[tokio::test]
async fn what_is_not_finished_by_the_deadline_is_kept() {
    let sink = Sink::reacting(Reaction::Hang).await;
    let mut mesh = Mesh::new();
    mesh.write("mesh.yaml", &[broker("shop", &[]), Trigger::new("bill", &sink.url()).to_string()].concat());
    mesh.flags(&["--drain-timeout", "1s"]);
    mesh.start().await;
    mesh.accept("/default/shop", [Message::new("1", "order")]).await;
    sink.got(1).await;
    mesh.stop().await;
    sink.then(Reaction::Status(200));
    mesh.start().await;
    sink.got(2).await;
    assert_eq!(sink.ids(), ["1", "1"]);
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let sink = Sink::reacting(Reaction::Hang).await;
    let mut mesh = Mesh::with(&[broker("shop", &[]), Trigger::new("bill", &sink.url()).to_string()]).await;
    mesh.accept("/default/shop", [Message::new("1", "order")]).await;
    sink.got(1).await;
    mesh.terminate();
    until("it to drain", async || mesh.said("draining").is_some()).await;
    mesh.terminate();
    let start = std::time::Instant::now();
    mesh.ended().await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
