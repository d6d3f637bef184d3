//! Order inside a key, for a group that asks for it.

use super::Harness;
use super::mesh::{GROUP, Mesh};
use super::sample::{builder, id, keyed, plain, record, spec};
use super::waiting::{next, nothing, take, take_any};
use crate::{Delivery, GroupSpec, Order};
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

fn ordered() -> GroupSpec {
    GroupSpec { order: Order::Key, ..spec() }
}

/// Behind a failing event its key waits; other keys and events without one do not.
pub async fn a_failing_event_holds_back_its_key_and_nothing_else(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut sub = mesh.join(GROUP, ordered()).await;
    mesh.post_all(vec![keyed(1, "a"), keyed(2, "a"), keyed(3, "b"), plain(4), keyed(5, "a")]).await;
    let mut lent: Vec<Delivery> = vec![next(&mut sub).await, next(&mut sub).await, next(&mut sub).await];
    lent.sort_by_key(id);
    assert_eq!(lent.iter().map(id).collect::<Vec<_>>(), [1, 3, 4]);
    nothing(&mut sub).await;
    let first = lent.remove(0);
    lent.into_iter().for_each(Delivery::ack);
    first.nack(Duration::from_millis(500));
    nothing(&mut sub).await;
    let again = next(&mut sub).await;
    assert_eq!((id(&again), again.attempt), (1, 2));
    nothing(&mut sub).await;
    again.ack();
    assert_eq!(take(&mut sub, 2).await, [2, 5]);
    mesh.until_done(GROUP).await;
}

/// However often events fail, those of a key succeed in their order.
pub async fn order_is_kept_through_failures(harness: &impl Harness) {
    const KEYS: u64 = 7;
    let mesh = Mesh::start(harness).await;
    let mut sub = mesh.join(GROUP, ordered()).await;
    let of = |n: u64| record(builder(n).set("partitionkey", &(n % KEYS).to_string()));
    for batch in 0..4 {
        mesh.post_all((batch * 50..(batch + 1) * 50).map(of).collect()).await;
    }
    let (mut failed, mut done) = (HashSet::new(), BTreeMap::<u64, Vec<u64>>::new());
    while done.values().map(Vec::len).sum::<usize>() < 200 {
        let delivery = next(&mut sub).await;
        let n = id(&delivery);
        if n.is_multiple_of(3) && failed.insert(n) {
            delivery.nack(Duration::from_millis(n % 5 * 10));
        } else {
            done.entry(n % KEYS).or_default().push(n);
            delivery.ack();
        }
    }
    for (key, done) in done {
        assert!(done.is_sorted(), "key {key}: {done:?}");
    }
    nothing(&mut sub).await;
}

/// A new process knows which keys are held.
pub async fn order_survives_a_restart(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut sub = mesh.join(GROUP, ordered()).await;
    mesh.post_all(vec![keyed(1, "a"), keyed(2, "a"), keyed(3, "b")]).await;
    let mut lent = vec![next(&mut sub).await, next(&mut sub).await];
    lent.sort_by_key(id);
    lent.remove(1).ack();
    lent.remove(0).nack(Duration::from_millis(500));
    drop(sub);
    let mesh = mesh.restart().await;
    let mut sub = mesh.join(GROUP, ordered()).await;
    mesh.post_all(vec![keyed(4, "a"), keyed(5, "b")]).await;
    assert_eq!(take(&mut sub, 1).await, [5], "key `a` waits for its first event");
    let again = next(&mut sub).await;
    assert_eq!((id(&again), again.attempt), (1, 2));
    nothing(&mut sub).await;
    again.ack();
    assert_eq!(take_any(&mut sub, 2).await, [2, 4]);
    nothing(&mut sub).await;
}
