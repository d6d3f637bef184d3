//! Stopped and started again: everything goes on where it was.

use std::time::Duration;
use tests::{Mesh, Message, Reaction, Sink, Trigger, broker, until};

#[tokio::test]
async fn attempts_survive_a_restart() {
    let sink = Sink::reacting(Reaction::Status(500)).await;
    let bill = Trigger::new("bill", &sink.url())
        .delivery("retry: 4")
        .delivery("backoffPolicy: linear")
        .delivery("backoffDelay: PT0.5S");
    let mut mesh = Mesh::with(&[broker("shop", &[]), bill.to_string()]).await;
    mesh.accept("/default/shop", [Message::new("1", "order")]).await;
    sink.got(2).await;
    mesh.stop().await;
    let made = sink.count();
    assert!(made < 5, "all tries were made before the restart");
    mesh.start().await;
    until("a dead letter", async || mesh.dead_letters().await.len() == 1).await;
    assert_eq!(sink.count(), 5, "{made} before the restart");
    assert_eq!(mesh.dead_letters().await[0]["attempts"], 5);
}

#[tokio::test]
async fn a_wait_goes_on_until_it_was_due() {
    let sink = Sink::reacting(Reaction::Status(200)).await;
    sink.first([Reaction::RetryAfter(3)]);
    let mut mesh = Mesh::with(&[broker("shop", &[]), Trigger::new("bill", &sink.url()).to_string()]).await;
    mesh.accept("/default/shop", [Message::new("1", "order")]).await;
    sink.got(1).await;
    mesh.stop().await;
    mesh.start().await;
    let tries = sink.got(2).await;
    let waited = tries[1].at - tries[0].at;
    assert!(waited >= Duration::from_millis(2900), "{waited:?}");
}

#[tokio::test]
async fn what_was_delivered_is_not_delivered_again() {
    let sink = Sink::start().await;
    let mut mesh = Mesh::with(&[broker("shop", &[]), Trigger::new("bill", &sink.url()).to_string()]).await;
    mesh.accept("/default/shop", (0..100).map(|n| Message::new(&n.to_string(), "order"))).await;
    sink.got(100).await;
    mesh.stop().await;
    mesh.start().await;
    mesh.accept("/default/shop", [Message::new("marker", "order")]).await;
    until("the marker", async || sink.ids().contains(&"marker".to_owned())).await;
    assert_eq!(sink.count(), 101);
}

#[tokio::test]
async fn dead_letters_survive_a_restart() {
    let sink = Sink::reacting(Reaction::Status(400)).await;
    let mut mesh = Mesh::with(&[broker("shop", &[]), Trigger::new("bill", &sink.url()).to_string()]).await;
    mesh.accept("/default/shop", [Message::new("1", "order")]).await;
    until("a dead letter", async || mesh.dead_letters().await.len() == 1).await;
    let before = mesh.dead_letters().await;
    mesh.kill().await;
    mesh.start().await;
    assert_eq!(mesh.dead_letters().await, before);
    sink.then(Reaction::Status(200));
    mesh.cli(&["dlq", "redrive", "--all"]).await.done();
    until("no dead letter", async || mesh.dead_letters().await.is_empty()).await;
}
