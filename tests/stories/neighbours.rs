//! A bad sink is its own trigger's business.

use std::time::{Duration, Instant};
use tests::{Mesh, Message, Reaction, Sink, Trigger, broker, until};

#[tokio::test]
async fn a_sink_that_hangs_holds_up_nobody_else() {
    let (hanging, healthy) = (Sink::reacting(Reaction::Hang).await, Sink::start().await);
    let stuck = Trigger::new("stuck", &hanging.url()).annotated("sluice.dev/max-in-flight: \"5\"");
    let mesh = Mesh::with(&[
        broker("shop", &[]),
        stuck.to_string(),
        Trigger::new("fine", &healthy.url()).to_string(),
    ])
    .await;
    let start = Instant::now();
    mesh.accept("/default/shop", (0..500).map(|n| Message::new(&n.to_string(), "order"))).await;
    healthy.got(500).await;
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    until("the window of the hanging one to be full", async || hanging.count() == 5).await;
    assert_eq!(mesh.metric("sluice_trigger_in_flight{trigger=\"default/stuck\"}").await, 5.0);
}

#[tokio::test]
async fn a_time_out_is_a_failed_attempt() {
    let sink = Sink::start().await;
    sink.first([Reaction::Hang]);
    let bill = Trigger::new("bill", &sink.url())
        .delivery("timeout: PT0.2S")
        .delivery("backoffDelay: PT0.05S")
        .delivery("retry: 3");
    let mesh = Mesh::with(&[broker("shop", &[]), bill.to_string()]).await;
    mesh.accept("/default/shop", [Message::new("1", "order")]).await;
    sink.got(2).await;
    until("the attempt counted", async || {
        mesh.metric("sluice_attempts_total{trigger=\"default/bill\",class=\"timeout\"}").await == 1.0
    })
    .await;
}

#[tokio::test]
async fn a_slow_sender_holds_up_nobody_else() {
    use tokio::io::AsyncWriteExt;
    let sink = Sink::start().await;
    let mesh = Mesh::with(&[broker("shop", &[]), Trigger::new("bill", &sink.url()).to_string()]).await;
    let address = mesh.events("").replace("http://", "");
    let mut slow = tokio::net::TcpStream::connect(address).await.unwrap();
    slow.write_all(b"POST /default/shop HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n1").await.unwrap();
    mesh.accept("/default/shop", (0..20).map(|n| Message::new(&n.to_string(), "order"))).await;
    sink.got(20).await;
}
