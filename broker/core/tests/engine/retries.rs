//! Attempts, waits, probing, restarts.

use crate::mesh::*;
use broker_core::GroupSpec;
use broker_core::engine::Limits;
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn a_nacked_event_comes_back_when_it_is_due_and_counts() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join("t", spec()).await;
    mesh.post([1]).await;
    let first = next(&mut sub).await;
    assert_eq!(first.attempt, 1);
    let before = Instant::now();
    first.nack(Duration::from_secs(20));
    let second = next(&mut sub).await;
    assert_eq!((id(&second), second.attempt), (1, 2));
    assert!(before.elapsed() >= Duration::from_secs(20));
    second.ack();
    nothing(&mut sub).await;
}

#[tokio::test(start_paused = true)]
async fn waiting_takes_no_slot() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join("t", GroupSpec { window: NonZeroUsize::new(1).unwrap(), ..spec() }).await;
    mesh.post(0..100).await;
    for want in 0..100 {
        let delivery = next(&mut sub).await;
        assert_eq!(id(&delivery), want);
        delivery.nack(Duration::from_secs(100));
    }
    settle().await;
    assert_eq!(mesh.lag("t").waiting, 100);
    let ids: BTreeSet<u64> = take(&mut sub, 100).await.into_iter().collect();
    assert_eq!(ids.len(), 100);
}

#[tokio::test(start_paused = true)]
async fn attempts_and_due_times_survive_a_restart() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join("t", spec()).await;
    mesh.post([1, 2]).await;
    let first = next(&mut sub).await;
    next(&mut sub).await.ack();
    first.nack(Duration::from_secs(120));
    let before = Instant::now();
    settle().await;
    let mesh = mesh.crash().await;
    let mut sub = mesh.join("t", spec()).await;
    let again = next(&mut sub).await;
    assert_eq!((id(&again), again.attempt), (1, 2));
    // The durable due time is wall clock time, which does not pass while time is paused.
    assert!(before.elapsed() >= Duration::from_secs(100));
    again.ack();
    nothing(&mut sub).await;
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_what_was_acked_stays_done_and_what_was_not_comes_back() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join("t", spec()).await;
    mesh.post(0..10).await;
    let mut lent = Vec::new();
    for _ in 0..10 {
        lent.push(next(&mut sub).await);
    }
    for delivery in lent.drain(5..) {
        delivery.ack();
    }
    settle().await;
    let mesh = mesh.crash().await;
    let mut sub = mesh.join("t", spec()).await;
    let mut ids = take(&mut sub, 5).await;
    ids.sort_unstable();
    assert_eq!(ids, [0, 1, 2, 3, 4]);
    nothing(&mut sub).await;
}

#[tokio::test(start_paused = true)]
async fn events_appended_while_nobody_listens_are_not_lost_over_a_crash() {
    let mesh = Mesh::new().await;
    let sub = mesh.join("t", spec()).await;
    drop(sub);
    mesh.post(0..3000).await;
    settle().await;
    let mesh = mesh.crash().await;
    let mut sub = mesh.join("t", spec()).await;
    let ids: BTreeSet<u64> = take(&mut sub, 3000).await.into_iter().collect();
    assert_eq!(ids.len(), 3000);
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_sink_is_probed_by_one_event_and_then_everything_flows() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join("t", spec()).await;
    mesh.post(0..5000).await;
    for _ in 0..10 {
        next(&mut sub).await.unreachable(Duration::from_secs(250));
    }
    settle().await;
    assert!(mesh.lag("t").unreachable);
    // Down for ten minutes: one at a time, and early probes do not count.
    let down = Instant::now();
    let mut probes = 0;
    assert!(mesh.lag("t").waiting <= 10, "what was not lent yet waits in the log");
    while down.elapsed() < Duration::from_secs(200) {
        let probe = next(&mut sub).await;
        nothing(&mut sub).await;
        assert!(probe.probe, "it is not due yet");
        assert_eq!(probe.attempt, 2);
        probe.unreachable(Duration::from_secs(250));
        probes += 1;
    }
    assert!(probes > 20, "{probes} probes");
    let back = Instant::now();
    let ids: BTreeSet<u64> = take(&mut sub, 5000).await.into_iter().collect();
    assert_eq!(ids.len(), 5000);
    assert!(back.elapsed() < Duration::from_secs(30), "nobody waits out an old delay: {:?}", back.elapsed());
    settle().await;
    assert!(!mesh.lag("t").unreachable);
}

#[tokio::test(start_paused = true)]
async fn an_event_buried_while_the_sink_is_away_keeps_the_probing() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join("t", spec()).await;
    mesh.post(0..100).await;
    for _ in 0..10 {
        next(&mut sub).await.unreachable(Duration::from_secs(1));
    }
    let probe = next(&mut sub).await;
    probe.bury();
    let probe = next(&mut sub).await;
    nothing(&mut sub).await;
    probe.ack();
    let ids = take(&mut sub, 98).await;
    assert_eq!(ids.len(), 98);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_waits_for_too_much_falls_behind_and_comes_back() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join("t", GroupSpec { max_waiting: 50, ..spec() }).await;
    mesh.post(0..3000).await;
    for _ in 0..50 {
        next(&mut sub).await.nack(Duration::from_secs(100));
    }
    nothing(&mut sub).await;
    let ids: BTreeSet<u64> = take(&mut sub, 3000).await.into_iter().collect();
    assert_eq!(ids.len(), 3000);
    nothing(&mut sub).await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_delivery_rests_a_little_and_does_not_count() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join("t", spec()).await;
    mesh.post([1]).await;
    let before = Instant::now();
    drop(next(&mut sub).await);
    let again = next(&mut sub).await;
    assert_eq!(again.attempt, 1);
    assert!(before.elapsed() >= Duration::from_millis(100));
    again.ack();
}

#[tokio::test(start_paused = true)]
async fn however_many_deliveries_failed_one_probe_is_sent_at_a_time_and_seldom() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join("t", GroupSpec { window: NonZeroUsize::new(100).unwrap(), ..spec() }).await;
    mesh.post(0..100).await;
    let mut lent = Vec::new();
    for _ in 0..100 {
        lent.push(next(&mut sub).await);
    }
    for delivery in lent {
        delivery.unreachable(Duration::from_secs(250));
        tokio::time::sleep(Duration::from_millis(7)).await;
    }
    let down = Instant::now();
    let mut probes = 0;
    while down.elapsed() < Duration::from_secs(60) {
        next(&mut sub).await.unreachable(Duration::from_secs(250));
        probes += 1;
    }
    assert!((11..=16).contains(&probes), "{probes} probes in a minute");
}

#[tokio::test(start_paused = true)]
async fn due_events_that_could_not_be_read_are_read_again() {
    let (mesh, broken) = Mesh::broken().await;
    let mut sub = mesh.join("t", spec()).await;
    mesh.post([1]).await;
    next(&mut sub).await.nack(Duration::from_secs(2));
    broken.set_broken(true);
    settle().await;
    broken.set_broken(false);
    assert_eq!(take(&mut sub, 1).await, [1]);
}

#[tokio::test(start_paused = true)]
async fn open_events_are_bounded_over_all_groups_and_still_all_arrive() {
    let mesh = Mesh::limited(Limits::default().most_open(1500)).await;
    let mut subs = [mesh.join("a", spec()).await, mesh.join("b", spec()).await];
    mesh.post(0..5000).await;
    let mut open = 0;
    for sub in &mut subs {
        while let Ok(delivery) = tokio::time::timeout(Duration::from_secs(1), sub.next()).await {
            delivery.unwrap().nack(Duration::from_secs(250));
            open += 1;
        }
    }
    assert!((1500..=2600).contains(&open), "{open} events are open");
    for sub in &mut subs {
        let ids: BTreeSet<u64> = take(sub, 5000).await.into_iter().collect();
        assert_eq!(ids.len(), 5000);
    }
}
