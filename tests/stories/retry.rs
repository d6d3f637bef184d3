//! A sink fails: retries, then the dead letter, then the redrive.

use std::time::Duration;
use tests::{Mesh, Message, Reaction, Sink, Trigger, broker, until};

#[tokio::test]
async fn a_failing_sink_is_tried_again_until_it_takes_the_event() {
    let sink = Sink::start().await;
    sink.first([500, 503, 404].map(Reaction::Status));
    let trigger = Trigger::new("bill", &sink.url())
        .delivery("retry: 5")
        .delivery("backoffPolicy: linear")
        .delivery("backoffDelay: PT0.1S");
    let mesh = Mesh::with(&[broker("shop", &[]), trigger.to_string()]).await;
    mesh.accept("/default/shop", [Message::new("1", "order").data("{\"n\":  1}")]).await;

    let tries = sink.got(4).await;
    assert!(tries.iter().all(|request| request.header("ce-id") == "1" && request.body == "{\"n\":  1}"));
    for (n, pair) in (1..).zip(tries.windows(2)) {
        let least = Duration::from_millis(80) * n;
        assert!(pair[1].at - pair[0].at >= least, "wait {n} was {:?}", pair[1].at - pair[0].at);
    }
    until("the delivery counted", async || {
        mesh.metric("sluice_deliveries_total{trigger=\"default/bill\",result=\"delivered\"}").await == 1.0
    })
    .await;
    assert_eq!(sink.count(), 4);
    assert!(mesh.dead_letters().await.is_empty());
}

#[tokio::test]
async fn a_connection_that_breaks_off_is_a_failed_attempt() {
    let sink = Sink::start().await;
    sink.first([Reaction::BreakOff, Reaction::BreakOff]);
    let bill = Trigger::new("bill", &sink.url()).delivery("retry: 3").delivery("backoffDelay: PT0.05S");
    let mesh = Mesh::with(&[broker("shop", &[]), bill.to_string()]).await;
    mesh.accept("/default/shop", [Message::new("1", "order")]).await;
    sink.got(3).await;
    assert!(mesh.dead_letters().await.is_empty());
}

#[tokio::test]
async fn a_dead_letter_is_kept_shown_and_redriven_to_its_trigger_alone() {
    let (sink, other) = (Sink::reacting(Reaction::Status(500)).await, Sink::start().await);
    let bill = Trigger::new("bill", &sink.url()).delivery("retry: 2").delivery("backoffDelay: PT0.05S");
    let log = Trigger::new("log", &other.url());
    let mesh = Mesh::with(&[broker("shop", &[]), bill.to_string(), log.to_string()]).await;
    mesh.accept("/default/shop", [Message::new("1", "order").data("{\"n\":1}")]).await;
    sink.got(3).await;

    until("a dead letter", async || mesh.dead_letters().await.len() == 1).await;
    let letter = mesh.dead_letters().await.remove(0);
    assert_eq!(letter["trigger"], "default/bill");
    assert_eq!((&letter["attempts"], &letter["lastStatus"]), (&3.into(), &500.into()));
    assert_eq!((&letter["event"]["id"], &letter["event"]["data"]["n"]), (&"1".into(), &1.into()));
    assert!(!letter["reason"].as_str().unwrap().is_empty());
    let id = letter["id"].as_str().unwrap();
    let shown = mesh.cli(&["dlq", "show", id]).await.done();
    assert!(shown.out.contains("500") && shown.out.contains("default/bill"), "{}", shown.out);
    assert_eq!(sink.count(), 3);

    sink.then(Reaction::Status(200));
    mesh.cli(&["dlq", "redrive", "--trigger", "default/bill"]).await.done();
    sink.got(4).await;
    until("no dead letter", async || mesh.dead_letters().await.is_empty()).await;
    assert_eq!((sink.count(), other.count()), (4, 1));
}

#[tokio::test]
async fn a_redrive_that_fails_again_updates_the_dead_letter() {
    let sink = Sink::reacting(Reaction::Status(500)).await;
    let bill = Trigger::new("bill", &sink.url()).delivery("retry: 0");
    let mesh = Mesh::with(&[broker("shop", &[]), bill.to_string()]).await;
    mesh.accept("/default/shop", [Message::new("1", "order")]).await;
    until("a dead letter", async || mesh.dead_letters().await.len() == 1).await;
    let first = mesh.dead_letters().await.remove(0);

    sink.then(Reaction::Status(403));
    mesh.cli(&["dlq", "redrive", "--all"]).await.done();
    until("the new failure", async || {
        mesh.dead_letters().await.iter().any(|letter| letter["lastStatus"] == 403)
    })
    .await;
    let letters = mesh.dead_letters().await;
    assert_eq!(letters.len(), 1);
    assert_eq!((&letters[0]["id"], &letters[0]["attempts"]), (&first["id"], &2.into()));
    mesh.cli(&["dlq", "purge", "--all"]).await.done();
    assert!(mesh.dead_letters().await.is_empty());
}

#[tokio::test]
async fn a_final_answer_is_not_repeated() {
    let sink = Sink::reacting(Reaction::Status(400)).await;
    let mesh = Mesh::with(&[broker("shop", &[]), Trigger::new("bill", &sink.url()).to_string()]).await;
    mesh.accept("/default/shop", [Message::new("1", "order")]).await;
    until("a dead letter", async || mesh.dead_letters().await.len() == 1).await;
    assert_eq!(sink.count(), 1);
}

#[tokio::test]
async fn the_sink_may_say_when_to_come_again() {
    let sink = Sink::start().await;
    sink.first([Reaction::RetryAfter(1)]);
    let bill = Trigger::new("bill", &sink.url()).delivery("retry: 1").delivery("backoffDelay: PT0.01S");
    let mesh = Mesh::with(&[broker("shop", &[]), bill.to_string()]).await;
    mesh.accept("/default/shop", [Message::new("1", "order")]).await;
    let tries = sink.got(2).await;
    // Due times are whole milliseconds: a wait may end within the last one.
    let waited = tries[1].at - tries[0].at;
    assert!(waited >= Duration::from_millis(999), "{waited:?}");
}

#[tokio::test]
async fn a_sink_that_was_down_gets_everything_soon_after_it_is_back() {
    let mut sink = Sink::start().await;
    let bill = Trigger::new("bill", &sink.url()).delivery("retry: 10").delivery("backoffDelay: PT0.2S");
    let mesh = Mesh::with(&[broker("shop", &[]), bill.to_string()]).await;
    sink.stop().await;
    mesh.accept("/default/shop", (0..50).map(|n| Message::new(&n.to_string(), "order"))).await;
    sink.resume().await;
    sink.got(50).await;
    assert!(mesh.dead_letters().await.is_empty());
}
