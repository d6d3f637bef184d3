//! A sink answers with events that its own Trigger matches.

use tests::{Mesh, Message, Reaction, Sink, Trigger, broker, until};

#[tokio::test]
async fn a_reply_goes_back_to_the_broker_and_to_whom_it_concerns() {
    let (asked, told) = (Sink::start().await, Sink::start().await);
    asked.then(Reaction::Reply(Message::new("answer", "reply").data("{\"yes\":true}")));
    let ask = Trigger::new("ask", &asked.url()).of_type("question");
    let tell = Trigger::new("tell", &told.url()).of_type("reply");
    let mesh = Mesh::with(&[broker("shop", &[]), ask.to_string(), tell.to_string()]).await;
    mesh.accept("/default/shop", [Message::new("1", "question")]).await;
    let reply = told.got(1).await.remove(0);
    assert_eq!((reply.header("ce-id"), reply.body.as_ref()), ("answer", b"{\"yes\":true}".as_slice()));
    let question = asked.received().remove(0);
    assert_eq!((question.header("prefer"), question.header("kn-namespace")), ("reply", "default"));
}

#[tokio::test]
async fn a_loop_ends_when_its_rounds_are_used_up() {
    let sink = Sink::reacting(Reaction::Reply(Message::new("again", "order"))).await;
    let mesh = Mesh::with(&[
        broker("shop", &["sluice.dev/hops: \"5\""]),
        Trigger::new("echo", &sink.url()).to_string(),
    ])
    .await;
    mesh.accept("/default/shop", [Message::new("1", "order")]).await;
    until("the last reply as a dead letter", async || mesh.dead_letters().await.len() == 1).await;
    assert_eq!(sink.count(), 5);
    assert_eq!(mesh.dead_letters().await[0]["event"]["id"], "again");
    assert!(sink.received().iter().all(|request| request.header("ce-knativebrokerttl").is_empty()));
}
