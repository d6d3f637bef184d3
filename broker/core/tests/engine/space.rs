//! Truncation, retention, and old events that must not pin the log.

use crate::mesh::*;
use broker_core::{Channel, ChannelOptions, Delivery, Entry};
use event::{Addressee, Audience, Record, Timestamp};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn what_everybody_has_finished_is_truncated() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join("t", spec()).await;
    mesh.post(0..1000).await;
    take(&mut sub, 999).await;
    settle().await;
    let kept = next(&mut sub).await;
    settle().await;
    assert_eq!(mesh.log.first(LANE).await.unwrap(), kept.position);
    kept.ack();
    settle().await;
    settle().await;
    assert_eq!(mesh.log.first(LANE).await.unwrap(), mesh.log.end(LANE).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_paused_group_keeps_its_events() {
    let mesh = Mesh::new().await;
    let mut other = mesh.join("other", spec()).await;
    let _paused = mesh.join("t", broker_core::GroupSpec { paused: true, ..spec() }).await;
    mesh.post(0..1000).await;
    take(&mut other, 1000).await;
    settle().await;
    assert!(mesh.log.end(LANE).await.unwrap() - mesh.log.first(LANE).await.unwrap() >= 1000);
}

#[tokio::test(start_paused = true)]
async fn retention_keeps_finished_events() {
    let options = ChannelOptions { retention: Duration::from_secs(3600), ..ChannelOptions::default() };
    let mesh = Mesh::with(options).await;
    let mut sub = mesh.join("t", spec()).await;
    mesh.post(0..100).await;
    take(&mut sub, 100).await;
    settle().await;
    let first = mesh.log.first(LANE).await.unwrap();
    assert!(mesh.log.end(LANE).await.unwrap() - first >= 100);
}

#[tokio::test(start_paused = true)]
async fn one_old_event_does_not_pin_the_lane_and_keeps_its_attempts() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join("t", ordered()).await;
    mesh.post_keyed(1, "k").await;
    mesh.post_keyed(2, "k").await;
    next(&mut sub).await.nack(Duration::from_secs(250));
    for thousand in 0..60u64 {
        mesh.post(1000 * (thousand + 1)..1000 * (thousand + 2)).await;
        take(&mut sub, 1000).await;
    }
    settle().await;
    settle().await;
    let kept = mesh.log.end(LANE).await.unwrap() - mesh.log.first(LANE).await.unwrap();
    assert!(kept < 15_000, "{kept} positions are kept for two events");
    let again = next(&mut sub).await;
    assert_eq!((id(&again), again.attempt), (1, 2));
    again.ack();
    assert_eq!(take(&mut sub, 1).await, [2], "moved, and still behind the first of its key");
    nothing(&mut sub).await;
}

/// As the lane appends an old event again: for a group that has tried it once.
fn moved(delivery: &Delivery) -> Entry {
    let mut moved = Record::clone(&delivery.record);
    moved.envelope.origin = Some(delivery.position);
    let addressee = Addressee { group: "t".to_owned(), attempts: 1, due: Timestamp::default() };
    moved.envelope.audience = Audience::Groups(vec![addressee]);
    Entry::Event(Arc::new(moved))
}

#[tokio::test(start_paused = true)]
async fn an_event_whose_move_outlived_the_state_is_tried_in_one_place() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join("t", spec()).await;
    mesh.post([1]).await;
    let lent = next(&mut sub).await;
    let moved = moved(&lent);
    lent.nack(Duration::from_secs(30));
    settle().await;
    let mesh = mesh.crash().await;
    let mut sub = mesh.join("t", spec()).await;
    mesh.log.append(LANE, vec![moved]).await.unwrap();
    let again = next(&mut sub).await;
    assert_eq!((id(&again), again.attempt), (1, 2));
    again.ack();
    settle().await;
    assert_eq!(mesh.lag("t"), broker_core::Lag::default(), "it was there twice");
}

/// The state has it open where it lay before; that it was concluded where it lies now ends both.
#[tokio::test(start_paused = true)]
async fn an_event_that_was_concluded_where_it_was_moved_to_is_done_after_a_crash() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join("t", spec()).await;
    mesh.post([1]).await;
    let lent = next(&mut sub).await;
    let moved = moved(&lent);
    lent.nack(Duration::from_secs(30));
    settle().await;
    mesh.log.append(LANE, vec![moved]).await.unwrap();
    let again = next(&mut sub).await;
    mesh.channel.conclude(&"t".into(), &again, Vec::new()).await.unwrap();
    let mesh = mesh.crash().await;
    drop(again);
    let mut sub = mesh.join("t", spec()).await;
    nothing(&mut sub).await;
    assert_eq!(mesh.lag("t"), broker_core::Lag::default(), "it comes again when it is due");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_truncated_that_no_durable_state_allows() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join("t", spec()).await;
    settle().await;
    let first = mesh.log.first(LANE).await.unwrap();
    mesh.backend.faults().fail_state(u32::MAX);
    mesh.post(0..100).await;
    take(&mut sub, 100).await;
    settle().await;
    assert_eq!(mesh.log.first(LANE).await.unwrap(), first, "memory alone knows that they are done");
    mesh.backend.faults().fail_state(0);
    settle().await;
    settle().await;
    assert_eq!(mesh.log.first(LANE).await.unwrap(), mesh.log.end(LANE).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_lane_writes_nothing() {
    let (mesh, log) = Mesh::broken().await;
    let mut sub = mesh.join("t", spec()).await;
    mesh.post(0..10).await;
    take(&mut sub, 10).await;
    settle().await;
    let before = log.written.load(Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(log.written.load(Ordering::Relaxed), before);
}

#[tokio::test(start_paused = true)]
async fn a_full_channel_names_the_trigger_that_keeps_it_full() {
    let options = ChannelOptions { byte_budget: Some(20_000), ..ChannelOptions::default() };
    let mesh = Mesh::with(options).await;
    let mut quick = mesh.join("quick", spec()).await;
    let _paused = mesh.join("held-up", broker_core::GroupSpec { paused: true, ..spec() }).await;
    let mut refused = None;
    for id in 0..10_000 {
        match mesh.channel.append(vec![record(id, "a", None)]).await {
            Ok(()) => assert_eq!(take(&mut quick, 1).await, [id]),
            Err(error) => {
                refused = Some(error.to_string());
                break;
            }
        }
        if id % 50 == 0 {
            settle().await;
        }
    }
    let refused = refused.expect("the budget ends");
    assert!(refused.contains("kept for `held-up`"), "{refused}");
}
