//! The state that a lane's owner keeps.

use super::Harness;
use super::appending::open;
use super::waiting::soon;
use crate::{Lane, LaneChange, Log, StateWrite};
use bytes::Bytes;
use std::collections::BTreeSet;
use tokio::sync::mpsc;

const LANE: Lane = Lane(0);
/// The largest piece that a backend must take.
const LARGEST: usize = 256 * 1024;

pub(super) fn change(text: &str) -> StateWrite {
    StateWrite::Change(Bytes::copy_from_slice(text.as_bytes()))
}

/// Waits until every lane is ours. What comes later is heard at the receiver.
pub(super) async fn own(log: &dyn Log) -> mpsc::Receiver<LaneChange> {
    let mut missing: BTreeSet<Lane> = (0..log.lanes()).map(Lane).chain([Lane::DEAD_LETTERS]).collect();
    let mut changes = log.ownership();
    while !missing.is_empty() {
        match soon(changes.recv()).await {
            Some(LaneChange::Gained(lane)) => assert!(missing.remove(&lane), "{lane:?} is gained once"),
            other => panic!("unexpected {other:?}"),
        }
    }
    changes
}

/// Changes are loaded in the order they were written.
pub async fn state_comes_back_in_order(harness: &impl Harness) {
    let (_backend, log) = open(harness).await;
    let _ours = own(&*log).await;
    assert!(log.load_state(LANE).await.unwrap().is_empty());
    for text in ["a", "b", "", "c"] {
        log.put_state(LANE, change(text)).await.unwrap();
    }
    assert_eq!(log.load_state(LANE).await.unwrap(), ["a", "b", "", "c"]);
}

/// A snapshot stands for all that was written before it.
pub async fn a_snapshot_replaces_what_was_before(harness: &impl Harness) {
    let (_backend, log) = open(harness).await;
    let _ours = own(&*log).await;
    let snapshot = |pieces: &[&'static str]| {
        StateWrite::Snapshot(pieces.iter().map(|p| Bytes::from_static(p.as_bytes())).collect())
    };
    log.put_state(LANE, change("old")).await.unwrap();
    log.put_state(LANE, snapshot(&["one", "two"])).await.unwrap();
    log.put_state(LANE, change("three")).await.unwrap();
    assert_eq!(log.load_state(LANE).await.unwrap(), ["one", "two", "three"]);
    log.put_state(LANE, snapshot(&[])).await.unwrap();
    assert!(log.load_state(LANE).await.unwrap().is_empty());
    log.put_state(LANE, change("new")).await.unwrap();
    assert_eq!(log.load_state(LANE).await.unwrap(), ["new"]);
}

/// Lanes do not see each other's state.
pub async fn each_lane_has_its_own_state(harness: &impl Harness) {
    let (_backend, log) = open(harness).await;
    let _ours = own(&*log).await;
    let lanes: Vec<Lane> = (0..log.lanes()).map(Lane).chain([Lane::DEAD_LETTERS]).collect();
    for lane in &lanes {
        log.put_state(*lane, change(&format!("of {}", lane.0))).await.unwrap();
    }
    for lane in &lanes {
        assert_eq!(log.load_state(*lane).await.unwrap(), [format!("of {}", lane.0)]);
    }
}

/// 256 KiB are taken, alone and in a snapshot of several.
pub async fn a_piece_of_full_size_is_taken(harness: &impl Harness) {
    let (_backend, log) = open(harness).await;
    let _ours = own(&*log).await;
    let piece = |byte: u8| Bytes::from(vec![byte; LARGEST]);
    log.put_state(LANE, StateWrite::Snapshot(vec![piece(1), piece(2), piece(3)])).await.unwrap();
    log.put_state(LANE, StateWrite::Change(piece(4))).await.unwrap();
    let found = log.load_state(LANE).await.unwrap();
    assert!(found == [piece(1), piece(2), piece(3), piece(4)]);
}
