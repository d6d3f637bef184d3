//! Another table.

use crate::mesh::{Mesh, http, order, trigger};
use crate::sink::{Act, Sink, status};
use std::sync::Arc;
use tokio::sync::Notify;

#[tokio::test]
async fn a_changed_sink_gets_the_next_event_and_the_neighbour_keeps_its_connection() {
    let (old, new, neighbour) = (Sink::taking().await, Sink::taking().await, Sink::taking().await);
    let other = || trigger("other", http(&neighbour.url()), 0);
    let mut mesh = Mesh::start(vec![trigger("t", http(&old.url()), 0), other()]).await;
    mesh.send(order("1")).await;
    old.seen(1).await;
    neighbour.seen(1).await;
    mesh.declare(vec![trigger("t", http(&new.url()), 0), other()]).await;
    mesh.until(async || {
        mesh.send(order("2")).await;
        !new.so_far().is_empty()
    })
    .await;
    assert!(neighbour.so_far().iter().all(|seen| seen.connection == 0));
}

/// It speaks for itself, also when it speaks late.
#[tokio::test]
async fn what_the_old_sink_asks_for_does_not_hold_the_new_one() {
    let told = Arc::new(Notify::new());
    let telling = told.clone();
    let busy = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 60\r\ncontent-length: 0\r\n\r\n";
    let old = Sink::start(move |n, _| match n {
        0 => Act::AnswerWhen(telling.clone(), busy.to_owned()),
        _ => status("202 Accepted"),
    })
    .await;
    let new = Sink::taking().await;
    let mut mesh = Mesh::start(vec![trigger("t", http(&old.url()), 1)]).await;
    mesh.send(order("1")).await;
    old.seen(1).await;
    mesh.declare(vec![trigger("t", http(&new.url()), 1)]).await;
    // Until it is in force the old sink is still asked.
    mesh.until(async || {
        mesh.send(order("2")).await;
        !new.so_far().is_empty()
    })
    .await;
    told.notify_one();
    mesh.ended("default/t", "failed", 1).await;
    let before = new.so_far().len();
    mesh.send(order("3")).await;
    new.seen(before + 1).await;
}

#[tokio::test]
async fn a_new_trigger_starts_and_a_removed_one_stops() {
    let (one, two) = (Sink::taking().await, Sink::taking().await);
    let mut mesh = Mesh::start(vec![trigger("one", http(&one.url()), 0)]).await;
    mesh.send(order("1")).await;
    mesh.ended("default/one", "delivered", 1).await;
    mesh.declare(vec![trigger("two", http(&two.url()), 0)]).await;
    mesh.send(order("2")).await;
    two.seen(1).await;
    // The group is still there and is still lent events, but nobody takes them.
    assert_eq!(one.so_far().len(), 1);
}
