//! A lane that another process owns is not ours to write.

use super::LaneHarness;
use super::appending::open;
use super::mesh::{GROUP, Mesh, channel_id};
use super::sample::{id, spec};
use super::stating::{change, own};
use super::waiting::{eventually, next, nothing, soon, take_any};
use crate::{GroupSpec, Lane, LaneChange, StateError};

const LANE: Lane = Lane(0);

/// A process that lost a lane hears of it and cannot write its state, ever.
pub async fn a_lost_lane_is_told_and_fenced(harness: &impl LaneHarness) {
    let (_backend, log) = open(harness).await;
    let mut changes = own(&*log).await;
    log.put_state(LANE, change("in time")).await.unwrap();
    harness.take_lane(&channel_id(), LANE).await;
    while soon(changes.recv()).await != Some(LaneChange::Lost(LANE)) {}
    for _ in 0..2 {
        let late = log.put_state(LANE, change("late")).await;
        assert!(matches!(late, Err(StateError::Fenced)), "{late:?}");
    }
    assert_eq!(log.load_state(LANE).await.unwrap(), ["in time"]);
    log.put_state(Lane::DEAD_LETTERS, change("another lane")).await.unwrap();
}

/// A lane that is gained again has the state of its last owner.
pub async fn a_lane_that_came_back_has_its_state(harness: &impl LaneHarness) {
    let (_backend, log) = open(harness).await;
    let mut changes = own(&*log).await;
    log.put_state(LANE, change("before")).await.unwrap();
    harness.take_lane(&channel_id(), LANE).await;
    harness.give_lane(&channel_id(), LANE).await;
    while soon(changes.recv()).await != Some(LaneChange::Gained(LANE)) {}
    log.put_state(LANE, change("after")).await.unwrap();
    assert_eq!(log.load_state(LANE).await.unwrap(), ["before", "after"]);
}

/// What was lent from a lost lane is forgotten here, and lent again by who has the lane next.
pub async fn a_lost_lane_lends_again_when_it_comes_back(harness: &impl LaneHarness) {
    let mesh = Mesh::start(harness).await;
    let mut sub = mesh.listen().await;
    let n = 3 * u64::from(mesh.lanes);
    mesh.post(0..n).await;
    let mut lent = Vec::new();
    for _ in 0..n {
        lent.push(next(&mut sub).await);
    }
    let on_lane: Vec<u64> = lent.iter().filter(|d| d.lane == LANE).map(id).collect();
    assert!(!on_lane.is_empty());
    harness.take_lane(&channel_id(), LANE).await;
    harness.give_lane(&channel_id(), LANE).await;
    // The acks of the lost lane mean nothing, whenever they come.
    let mut again = Vec::new();
    for _ in &on_lane {
        let delivery = next(&mut sub).await;
        again.push(id(&delivery));
        delivery.ack();
    }
    again.sort_unstable();
    assert_eq!(again, on_lane);
    lent.into_iter().for_each(crate::Delivery::ack);
    mesh.until_done(GROUP).await;
    mesh.post([n]).await;
    assert_eq!(take_any(&mut sub, 1).await, [n]);
    eventually("nothing is in flight", async || {
        mesh.channel.lag(&GROUP.into()).is_some_and(|lag| lag.in_flight == 0)
    })
    .await;
}

/// What was lent by a lane that was lost may still be concluded: who has the lane next does not lend it.
pub async fn a_conclusion_of_a_lost_lane_counts(harness: &impl LaneHarness) {
    let mesh = Mesh::start(harness).await;
    let mut sub = mesh.listen().await;
    let n = 3 * u64::from(mesh.lanes);
    mesh.post(0..n).await;
    let mut lent = Vec::new();
    for _ in 0..n {
        lent.push(next(&mut sub).await);
    }
    mesh.ensure(GROUP, GroupSpec { paused: true, ..spec() }).await;
    harness.take_lane(&channel_id(), LANE).await;
    harness.give_lane(&channel_id(), LANE).await;
    mesh.ensure(GROUP, GroupSpec { paused: true, ..spec() }).await;
    let concluded = lent.iter().position(|d| d.lane == LANE).unwrap();
    soon(mesh.channel.conclude(&GROUP.into(), &lent[concluded], Vec::new())).await.unwrap();
    let mut open: Vec<u64> = lent.iter().filter(|d| d.lane == LANE).map(id).collect();
    open.retain(|other| *other != id(&lent[concluded]));
    nothing(&mut sub).await;
    lent.into_iter().filter(|d| d.lane != LANE).for_each(crate::Delivery::ack);
    mesh.ensure(GROUP, spec()).await;
    let mut again = take_any(&mut sub, open.len()).await;
    again.sort_unstable();
    assert_eq!(again, open);
    nothing(&mut sub).await;
    mesh.until_done(GROUP).await;
}
