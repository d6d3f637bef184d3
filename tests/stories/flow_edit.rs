//! A flow is changed while events are on their way through it.

use crate::flow_sequence::{LINE, sequence};
use std::collections::BTreeSet;
use tests::{Mesh, Message, Reaction, Sink, until};

async fn backlog(mesh: &Mesh) -> u64 {
    let object = mesh.cli(&["get", "sequence", "line", "-o", "json"]).await.json();
    object["status"]["sluice"]["backlog"].as_u64().unwrap()
}

/// Steps are added and taken away under load: every event goes through the steps of its time, none is lost.
#[tokio::test]
async fn nothing_is_lost_when_steps_come_and_go() {
    let (one, two, three, told) = (
        Sink::reacting(Reaction::Mark("-1")).await,
        Sink::reacting(Reaction::Mark("-2")).await,
        Sink::reacting(Reaction::Mark("-3")).await,
        Sink::start().await,
    );
    let mesh = Mesh::with(&[sequence(&[&one, &two], Some(&told))]).await;
    let mut sent = 0;
    let mut send = async |count: usize| {
        for _ in 0..count {
            mesh.accept(LINE, [Message::new(&sent.to_string(), "order").data("x")]).await;
            sent += 1;
        }
    };
    send(40).await;
    mesh.write("mesh.yaml", &sequence(&[&one, &two, &three], Some(&told)));
    while three.count() == 0 {
        send(1).await;
    }
    send(40).await;
    mesh.write("mesh.yaml", &sequence(&[&three], Some(&told)));
    let short = || told.received().iter().any(|received| received.body.as_ref() == b"x-3");
    while !short() {
        send(1).await;
    }
    // What was at a place that is gone waits for it.
    mesh.write("mesh.yaml", &sequence(&[&one, &two, &three], Some(&told)));
    until("every event at the end", async || {
        told.ids().into_iter().collect::<BTreeSet<_>>().len() == sent && backlog(&mesh).await == 0
    })
    .await;
    let paths: BTreeSet<String> =
        told.received().iter().map(|r| String::from_utf8_lossy(&r.body).into_owned()).collect();
    assert!(paths.contains("x-1-2") && paths.contains("x-1-2-3") && paths.contains("x-3"), "{paths:?}");
    assert!(mesh.dead_letters().await.is_empty());
}

/// What waits at a step that is taken away is kept, and goes on when the step is put back.
#[tokio::test]
async fn what_waits_at_a_removed_step_goes_on_when_the_step_is_back() {
    let (one, told) = (Sink::reacting(Reaction::Mark("-1")).await, Sink::start().await);
    let mut two = Sink::reacting(Reaction::Mark("-2")).await;
    two.stop().await;
    let mut mesh = Mesh::with(&[sequence(&[&one, &two], Some(&told))]).await;
    mesh.accept(LINE, [Message::new("a", "order").data("x")]).await;
    let tried = "sluice_attempts_total{trigger=\"sequences/default/line/step-2\",class=\"unreachable\"}";
    until("a try", async || mesh.metric(tried).await >= 1.0).await;
    mesh.write("mesh.yaml", &sequence(&[&one], Some(&told)));
    until("the step gone", async || {
        mesh.accept(LINE, [Message::new("b", "order").data("y")]).await;
        told.received().iter().any(|received| received.body.as_ref() == b"y-1")
    })
    .await;
    mesh.kill().await;
    mesh.start().await;
    two.resume().await;
    mesh.write("mesh.yaml", &sequence(&[&one, &two], Some(&told)));
    until("the event that waited", async || {
        told.received().iter().any(|received| received.body.as_ref() == b"x-1-2")
    })
    .await;
    assert_eq!(one.ids().iter().filter(|id| *id == "a").count(), 1, "the first step is done");
}
