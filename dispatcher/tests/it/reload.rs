//! Another table.

use crate::mesh::{Mesh, http, order, trigger};
use crate::sink::Sink;

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
