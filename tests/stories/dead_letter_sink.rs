//! A Trigger or its Broker names who takes what could not be delivered.

use tests::{Mesh, Message, Reaction, Sink, Trigger, broker, until};

fn bill(sink: &Sink, dead: &Sink) -> Trigger {
    Trigger::new("bill", &sink.url())
        .delivery("retry: 1")
        .delivery("backoffDelay: PT0.01S")
        .dead_letters_to(&dead.url())
}

#[tokio::test]
async fn the_dead_letter_sink_gets_the_event_and_why() {
    let (sink, dead) = (Sink::reacting(Reaction::Status(500)).await, Sink::start().await);
    let mesh = Mesh::with(&[broker("shop", &[]), bill(&sink, &dead).to_string()]).await;
    mesh.accept("/default/shop", [Message::new("1", "order").header("ce-color", "red").data("[1, 2]")]).await;
    let letter = dead.got(1).await.remove(0);
    assert_eq!((letter.header("ce-id"), letter.header("ce-color")), ("1", "red"));
    assert_eq!(letter.body, "[1, 2]");
    assert_eq!(letter.header("ce-knativeerrordest"), sink.url());
    assert_eq!(letter.header("ce-knativeerrorcode"), "500");
    assert_eq!((letter.header("kn-namespace"), letter.header("prefer")), ("default", ""));
    assert_eq!(sink.count(), 2);
    assert!(mesh.dead_letters().await.is_empty());
}

#[tokio::test]
async fn when_it_fails_too_the_event_is_kept() {
    let (sink, dead) =
        (Sink::reacting(Reaction::Status(500)).await, Sink::reacting(Reaction::Status(500)).await);
    let mesh = Mesh::with(&[broker("shop", &[]), bill(&sink, &dead).to_string()]).await;
    mesh.accept("/default/shop", [Message::new("1", "order")]).await;
    until("a dead letter", async || mesh.dead_letters().await.len() == 1).await;
    assert!(dead.count() >= 1);
    assert_eq!(mesh.dead_letters().await[0]["event"]["id"], "1");
}
