//! An event is lent, never given.

use super::Harness;
use super::mesh::{GROUP, Mesh};
use super::sample::{id, spec, window};
use super::waiting::{eventually, next, nothing, soon, take, take_any};
use crate::{Delivery, Lane};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// Each event comes once, in the order of its lane, and then nothing is left.
pub async fn every_event_comes_once_and_in_order(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut sub = mesh.listen().await;
    for batch in 0..10 {
        mesh.post(batch * 30..(batch + 1) * 30).await;
    }
    let (mut all, mut lanes) = (Vec::new(), BTreeMap::<Lane, Vec<_>>::new());
    for _ in 0..300 {
        let delivery = next(&mut sub).await;
        assert_eq!(delivery.attempt, 1);
        all.push(id(&delivery));
        lanes.entry(delivery.lane).or_default().push((delivery.position, id(&delivery)));
        delivery.ack();
    }
    nothing(&mut sub).await;
    all.sort_unstable();
    assert_eq!(all, (0..300).collect::<Vec<_>>());
    for lane in lanes.values() {
        assert!(lane.is_sorted(), "positions and ids grow together: {lane:?}");
    }
    mesh.until_done(GROUP).await;
}

/// What one group does is nothing to another.
pub async fn groups_are_independent(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut one = mesh.join("default/one", spec()).await;
    let mut other = mesh.join("default/other", spec()).await;
    mesh.post(0..10).await;
    for _ in 0..10 {
        next(&mut one).await.nack(Duration::ZERO);
    }
    assert_eq!(take_any(&mut other, 10).await, (0..10).collect::<Vec<_>>());
    mesh.until_done("default/other").await;
    assert_eq!(take_any(&mut one, 10).await, (0..10).collect::<Vec<_>>());
    nothing(&mut other).await;
}

/// No more than the window is lent at a time; each ack makes room for one.
pub async fn the_window_bounds_what_is_lent(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    // A window is shared by the lanes, at least one each.
    let most = 8.max(mesh.lanes as usize);
    let mut sub = mesh.join(GROUP, window(8)).await;
    mesh.post(0..100).await;
    let mut lent = Vec::new();
    for _ in 0..100 - most {
        lent.push(next(&mut sub).await);
        while let Ok(more) = tokio::time::timeout(Duration::from_millis(20), sub.next()).await {
            lent.push(more.unwrap());
        }
        assert!(lent.len() <= most, "{} are lent", lent.len());
        lent.remove(0).ack();
    }
    let mut rest: Vec<u64> = lent.iter().map(id).collect();
    lent.into_iter().for_each(Delivery::ack);
    rest.extend(take(&mut sub, most - rest.len()).await);
    mesh.until_done(GROUP).await;
}

/// An ack says nothing about the events before it.
pub async fn acks_in_any_order_skip_nothing(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut sub = mesh.listen().await;
    mesh.post(0..10).await;
    let mut lent = Vec::new();
    for _ in 0..10 {
        lent.push(next(&mut sub).await);
    }
    lent.sort_by_key(id);
    for n in [9, 2, 5] {
        lent.remove(n).ack();
    }
    drop((lent, sub));
    let mut sub = mesh.subscribe(GROUP).await;
    assert_eq!(take_any(&mut sub, 7).await, [0, 1, 3, 4, 5, 7, 8]);
    nothing(&mut sub).await;
    mesh.until_done(GROUP).await;
}

/// What is dropped unsettled comes back; it was not tried.
pub async fn a_dropped_delivery_comes_back_untried(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut sub = mesh.listen().await;
    mesh.post([1]).await;
    for _ in 0..3 {
        let delivery = next(&mut sub).await;
        assert_eq!((id(&delivery), delivery.attempt), (1, 1));
        drop(delivery);
    }
    assert_eq!(take(&mut sub, 1).await, [1]);
    nothing(&mut sub).await;
}

/// A nacked event comes back no sooner than asked, as the next attempt.
pub async fn a_nacked_event_waits_and_counts(harness: &impl Harness) {
    const WAIT: Duration = Duration::from_millis(400);
    let mesh = Mesh::start(harness).await;
    let mut sub = mesh.listen().await;
    mesh.post([1]).await;
    for attempt in 1..=3 {
        let delivery = next(&mut sub).await;
        assert_eq!((id(&delivery), delivery.attempt), (1, attempt));
        delivery.nack(WAIT);
        let nacked = Instant::now();
        let again = next(&mut sub).await;
        // Durable times are in milliseconds.
        assert!(nacked.elapsed() + Duration::from_millis(1) >= WAIT, "{:?}", nacked.elapsed());
        assert_eq!(again.attempt, attempt + 1);
        drop(again);
    }
    assert_eq!(take(&mut sub, 1).await, [1]);
    nothing(&mut sub).await;
}

/// While an event waits its slot is another's.
pub async fn a_waiting_event_takes_no_slot(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut sub = mesh.join(GROUP, window(1)).await;
    mesh.post(0..50).await;
    let mut failed = Vec::new();
    for _ in 0..50 {
        let delivery = next(&mut sub).await;
        assert_eq!(delivery.attempt, 1);
        failed.push(id(&delivery));
        delivery.nack(Duration::from_secs(2));
    }
    failed.sort_unstable();
    assert_eq!(failed, (0..50).collect::<Vec<_>>());
    assert_eq!(take_any(&mut sub, 50).await, failed);
}

/// Who leaves without settling gives back what was lent, and what was about to be.
pub async fn leaving_gives_everything_back(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut sub = mesh.listen().await;
    mesh.post(0..30).await;
    let lent = (next(&mut sub).await, next(&mut sub).await);
    drop(sub);
    drop(lent);
    let mut sub = mesh.subscribe(GROUP).await;
    assert_eq!(take_any(&mut sub, 30).await, (0..30).collect::<Vec<_>>());
    nothing(&mut sub).await;
    mesh.until_done(GROUP).await;
}

/// There is one subscription per group: the newest.
pub async fn a_second_subscription_replaces_the_first(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut first = mesh.listen().await;
    let mut second = mesh.subscribe(GROUP).await;
    assert!(soon(first.next()).await.is_none(), "the first has ended");
    mesh.post(0..5).await;
    assert_eq!(take_any(&mut second, 5).await, [0, 1, 2, 3, 4]);
}

/// A group that settles nothing costs the others nothing.
pub async fn a_slow_group_does_not_hold_the_others(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut stuck = mesh.join("default/stuck", spec()).await;
    let mut quick = mesh.join("default/quick", spec()).await;
    for batch in 0..20 {
        mesh.post(batch * 100..(batch + 1) * 100).await;
        assert_eq!(take_any(&mut quick, 100).await, (batch * 100..(batch + 1) * 100).collect::<Vec<_>>());
    }
    mesh.until_done("default/quick").await;
    eventually("the stuck group is behind", async || {
        mesh.channel.lag(&"default/stuck".into()).is_some_and(|lag| lag.backlog >= 2000)
    })
    .await;
    assert_eq!(take_any(&mut stuck, 2000).await, (0..2000).collect::<Vec<_>>());
}
