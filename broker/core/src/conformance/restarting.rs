//! What a process that ends leaves to the next one.

use super::Harness;
use super::mesh::{GROUP, Mesh};
use super::sample::{id, spec};
use super::waiting::{eventually, next, nothing, soon, take_any};
use crate::{Delivery, GroupName};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// A waiting event keeps its attempts and its due time.
pub async fn attempts_and_waits_survive(harness: &impl Harness) {
    const WAIT: Duration = Duration::from_secs(2);
    let mesh = Mesh::start(harness).await;
    let mut sub = mesh.listen().await;
    mesh.post([1]).await;
    next(&mut sub).await.nack(Duration::ZERO);
    next(&mut sub).await.nack(WAIT);
    let nacked = Instant::now();
    drop(sub);
    let mesh = mesh.restart().await;
    let mut sub = mesh.listen().await;
    let delivery = next(&mut sub).await;
    assert_eq!((id(&delivery), delivery.attempt), (1, 3));
    // Due times are wall clock times in milliseconds, which paused time stretches.
    assert!(nacked.elapsed() + Duration::from_millis(100) >= WAIT, "{:?}", nacked.elapsed());
    delivery.ack();
    mesh.until_done(GROUP).await;
}

/// Acks survive wherever they are; what was not acked comes back.
pub async fn what_was_acked_stays_done_and_the_rest_comes_back(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut sub = mesh.listen().await;
    mesh.post(0..10).await;
    let mut lent = Vec::new();
    for _ in 0..10 {
        lent.push(next(&mut sub).await);
    }
    lent.sort_by_key(id);
    lent.remove(8).ack();
    lent.remove(4).ack();
    // By now the state was written once: what follows is a change of it.
    nothing(&mut sub).await;
    lent.remove(3).ack();
    lent.remove(0).ack();
    drop((lent, sub));
    let mesh = mesh.restart().await;
    let mut sub = mesh.listen().await;
    assert_eq!(take_any(&mut sub, 6).await, [1, 2, 5, 6, 7, 9]);
    nothing(&mut sub).await;
    mesh.until_done(GROUP).await;
}

/// An ack, then the end: the ack counts.
pub async fn the_last_ack_before_leaving_counts(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut sub = mesh.listen().await;
    mesh.post(0..5).await;
    let mut lent = Vec::new();
    for _ in 0..5 {
        lent.push(next(&mut sub).await);
    }
    lent.into_iter().for_each(Delivery::ack);
    drop(sub);
    let mesh = mesh.restart().await;
    let mut sub = mesh.listen().await;
    nothing(&mut sub).await;
    mesh.post([5]).await;
    assert_eq!(take_any(&mut sub, 1).await, [5]);
}

/// A delivery that outlives its process settles into nothing.
pub async fn an_ack_from_an_earlier_life_is_harmless(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut sub = mesh.listen().await;
    mesh.post([1, 2]).await;
    let (one, other) = (next(&mut sub).await, next(&mut sub).await);
    drop(sub);
    let mesh = mesh.crash().await;
    let mut sub = mesh.listen().await;
    one.ack();
    other.nack(Duration::from_secs(3600));
    assert_eq!(take_any(&mut sub, 2).await, [1, 2]);
}

/// Killed in the middle of everything: no event that was not acked is missing.
pub async fn a_crash_loses_nothing(harness: &impl Harness) {
    let mut mesh = Mesh::start(harness).await;
    let mut acked = BTreeSet::new();
    mesh.ensure(GROUP, spec()).await;
    for round in 0..5 {
        mesh.post(round * 40..(round + 1) * 40).await;
        let mut sub = mesh.listen().await;
        for n in 0..30 {
            let delivery = next(&mut sub).await;
            match n % 3 {
                0 => delivery.nack(Duration::ZERO),
                1 => drop(delivery),
                _ => {
                    acked.insert(id(&delivery));
                    delivery.ack();
                }
            }
        }
        drop(sub);
        mesh = mesh.crash().await;
    }
    let mut sub = mesh.listen().await;
    let mut seen = acked.clone();
    while seen.len() < 200 {
        let delivery = next(&mut sub).await;
        seen.insert(id(&delivery));
        delivery.ack();
    }
    eventually("everything is done", async || {
        while let Ok(Some(again)) = tokio::time::timeout(Duration::from_millis(20), sub.next()).await {
            again.ack();
        }
        mesh.channel.lag(&GROUP.into()).is_some_and(|lag| lag.backlog == 0)
    })
    .await;
}

/// Events for a group wait for it over the end of the process.
pub async fn what_nobody_took_is_still_there(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    mesh.ensure(GROUP, spec()).await;
    mesh.post(0..1500).await;
    let mesh = mesh.restart().await;
    mesh.post(1500..1510).await;
    let mut sub = mesh.listen().await;
    assert_eq!(take_any(&mut sub, 1510).await, (0..1510).collect::<Vec<_>>());
    nothing(&mut sub).await;
}

/// A group that the next process does not know keeps its place there.
pub async fn a_parked_group_survives(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    mesh.ensure(GROUP, spec()).await;
    mesh.post(0..5).await;
    let mesh = mesh.restart().await;
    eventually("it is listed as parked", async || {
        mesh.channel.parked_groups().iter().any(|(group, _)| group.as_str() == GROUP)
    })
    .await;
    mesh.post(5..10).await;
    let mesh = mesh.restart().await;
    let mut sub = mesh.listen().await;
    assert_eq!(take_any(&mut sub, 10).await, (0..10).collect::<Vec<_>>());
}

/// A group that was removed does not come back with the next process.
pub async fn a_removed_group_stays_removed(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    drop(mesh.listen().await);
    mesh.ensure("default/other", spec()).await;
    mesh.post(0..5).await;
    let group = GroupName::from(GROUP);
    soon(mesh.channel.remove_group(&group)).await.unwrap();
    let mesh = mesh.restart().await;
    eventually("the lane is loaded", async || {
        mesh.channel.lag(&"default/other".into()).is_some() && mesh.channel.lag(&group).is_none()
    })
    .await;
    assert!(mesh.channel.parked_groups().iter().all(|(parked, _)| *parked != group));
    let mut sub = mesh.listen().await;
    mesh.post([5]).await;
    assert_eq!(take_any(&mut sub, 1).await, [5]);
    nothing(&mut sub).await;
}
