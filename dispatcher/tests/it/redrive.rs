//! Dead letters that are sent again.

use crate::mesh::{Mesh, http, order, trigger};
use crate::sink::{Sink, status};
use broker_core::{Channel, DeadLetterQuery, TriggerRoute};

#[tokio::test]
async fn a_redriven_event_that_is_taken_leaves_the_store() {
    let sink = Sink::start(|n, _| status(if n == 0 { "400 Bad Request" } else { "202 Accepted" })).await;
    let mesh = Mesh::start(vec![trigger("t", http(&sink.url()), 0)]).await;
    mesh.send(order("1")).await;
    mesh.dead_letters(1).await;
    mesh.channel.dead_letters().redrive(&DeadLetterQuery::default()).await.unwrap();
    assert_eq!(sink.seen(2).await[1].header("ce-id"), Some("1"));
    mesh.dead_letters(0).await;
    mesh.ended("default/t", "delivered", 1).await;
}

#[tokio::test]
async fn a_redriven_event_that_fails_again_updates_its_entry() {
    let sink = Sink::start(|n, _| status(if n == 0 { "400 Bad Request" } else { "503 Busy" })).await;
    let mesh = Mesh::start(vec![trigger("t", http(&sink.url()), 2)]).await;
    mesh.send(order("1")).await;
    let before = mesh.dead_letters(1).await.remove(0);
    mesh.channel.dead_letters().redrive(&DeadLetterQuery::default()).await.unwrap();
    mesh.ended("default/t", "dead_letter", 2).await;
    assert_eq!(sink.so_far().len(), 4);
    let after = mesh.dead_letters(1).await.remove(0);
    assert_eq!((before.attempts, after.attempts), (1, 4));
    assert_eq!((&after.id, after.first_time), (&before.id, before.first_time));
    assert_eq!(after.last_status, Some(503));
}

#[tokio::test]
async fn a_redriven_event_that_the_dead_letter_sink_takes_leaves_the_store() {
    let sink = Sink::start(|_, _| status("400 Bad Request")).await;
    let dead = Sink::taking().await;
    let plain = trigger("t", http(&sink.url()), 0);
    let mut mesh = Mesh::start(vec![plain.clone()]).await;
    mesh.send(order("1")).await;
    mesh.dead_letters(1).await;
    mesh.declare(vec![TriggerRoute { dead_letter_sink: Some(http(&dead.url())), ..plain }]).await;
    mesh.send(order("2")).await;
    dead.seen(1).await;
    mesh.channel.dead_letters().redrive(&DeadLetterQuery::default()).await.unwrap();
    assert_eq!(dead.seen(2).await[1].header("ce-id"), Some("1"));
    mesh.dead_letters(0).await;
}

/// The ack waits for the entry to go: while that cannot be written the event comes again.
#[tokio::test]
async fn a_success_is_not_acked_before_its_entry_is_gone() {
    let sink = Sink::start(|n, _| status(if n == 0 { "400 Bad Request" } else { "202 Accepted" })).await;
    let mesh = Mesh::start(vec![trigger("t", http(&sink.url()), 0)]).await;
    mesh.send(order("1")).await;
    mesh.ended("default/t", "dead_letter", 1).await;
    let backend = mesh.backend.faults();
    let redriven = Sink::start(move |n, _| {
        if n == 0 {
            backend.refuse_appends(1);
        }
        status("202 Accepted")
    })
    .await;
    let mut mesh = mesh;
    mesh.declare(vec![trigger("t", http(&redriven.url()), 0)]).await;
    mesh.channel.dead_letters().redrive(&DeadLetterQuery::default()).await.unwrap();
    redriven.seen(2).await;
    mesh.dead_letters(0).await;
    mesh.ended("default/t", "delivered", 1).await;
}
