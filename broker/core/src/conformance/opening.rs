//! Channels come, go and outlive the process.

use super::Harness;
use super::appending::open;
use super::mesh::channel_id;
use super::sample::{entries, ids};
use super::stating::{change, own};
use super::waiting::{read, soon};
use crate::{ChannelId, ChannelOptions, Lane, LogError};
use std::time::Duration;

const LANE: Lane = Lane(0);

/// Every event lane and the dead letter lane are told to their owner.
pub async fn every_lane_is_announced_once(harness: &impl Harness) {
    let (_backend, log) = open(harness).await;
    assert!(log.lanes() > 0);
    let mut changes = own(&*log).await;
    let more = tokio::time::timeout(Duration::from_millis(50), changes.recv()).await;
    assert!(more.is_err(), "unexpected {more:?}");
}

/// The same channel is the same log.
pub async fn opening_twice_gives_the_same_log(harness: &impl Harness) {
    let (backend, log) = open(harness).await;
    let again = backend.open(&channel_id(), &ChannelOptions::default()).await.unwrap();
    log.append(LANE, entries([1])).await.unwrap();
    again.append(LANE, entries([2])).await.unwrap();
    assert_eq!(ids(&read(&*log, LANE, 0, 2).await), [1, 2]);
    assert_eq!(ids(&read(&*again, LANE, 0, 2).await), [1, 2]);
}

/// Channels share nothing, and the backend knows them all.
pub async fn channels_are_listed_and_separate(harness: &impl Harness) {
    let (backend, log) = open(harness).await;
    let other_id = ChannelId::from("broker/default/other");
    let other = backend.open(&other_id, &ChannelOptions::default()).await.unwrap();
    let (_ours, _theirs) = (own(&*log).await, own(&*other).await);
    log.append(LANE, entries([1])).await.unwrap();
    other.append(LANE, entries([2])).await.unwrap();
    log.put_state(LANE, change("one")).await.unwrap();
    assert_eq!(ids(&read(&*log, LANE, 0, 1).await), [1]);
    assert_eq!(ids(&read(&*other, LANE, 0, 1).await), [2]);
    assert!(other.load_state(LANE).await.unwrap().is_empty());
    let mut channels = backend.channels().await.unwrap();
    channels.sort();
    assert_eq!(channels, [channel_id(), other_id]);
}

/// Removing deletes records and state; what is opened under the name later is new.
pub async fn a_removed_channel_is_gone(harness: &impl Harness) {
    let (backend, log) = open(harness).await;
    let ours = own(&*log).await;
    log.append(LANE, entries([1])).await.unwrap();
    log.put_state(LANE, change("old")).await.unwrap();
    drop((log, ours));
    for _ in 0..2 {
        backend.remove(&channel_id()).await.unwrap();
        assert!(backend.channels().await.unwrap().is_empty());
    }
    let log = backend.open(&channel_id(), &ChannelOptions::default()).await.unwrap();
    assert!(log.load_state(LANE).await.unwrap().is_empty());
    log.append(LANE, entries([2])).await.unwrap();
    assert_eq!(ids(&read(&*log, LANE, 0, 1).await), [2]);
}

/// A log that was removed says so to everybody who still has it.
pub async fn a_removed_log_ends_its_readers(harness: &impl Harness) {
    let (backend, log) = open(harness).await;
    let mut reader = log.read(LANE, 0);
    let id = channel_id();
    let (ended, removed) = soon(async { tokio::join!(reader.next(), backend.remove(&id)) }).await;
    removed.unwrap();
    assert!(matches!(ended, Err(LogError::Closed)), "{ended:?}");
    assert!(log.append(LANE, entries([1])).await.is_err());
}

/// After `close` nothing is appended any more.
pub async fn a_closed_backend_takes_nothing(harness: &impl Harness) {
    let (backend, log) = open(harness).await;
    log.append(LANE, entries([1])).await.unwrap();
    soon(backend.close()).await;
    assert!(log.append(LANE, entries([2])).await.is_err());
}

/// A process that comes later finds records, positions, state and channels as they were.
pub async fn records_and_state_survive_the_process(harness: &impl Harness) {
    let (backend, log) = open(harness).await;
    let ours = own(&*log).await;
    log.append(LANE, entries(0..100)).await.unwrap();
    log.put_state(LANE, change("kept")).await.unwrap();
    log.append(LANE, entries(100..110)).await.unwrap();
    let before = read(&*log, LANE, 0, 110).await;
    drop((log, ours, backend));

    let (backend, log) = open(harness).await;
    assert_eq!(backend.channels().await.unwrap(), [channel_id()]);
    assert!(read(&*log, LANE, 0, 110).await == before, "records and positions are as they were");
    assert_eq!(log.load_state(LANE).await.unwrap(), ["kept"]);
    log.append(LANE, entries([110])).await.unwrap();
    let last = before[109].0;
    let found = read(&*log, LANE, last + 1, 1).await;
    assert_eq!(ids(&found), [110]);
    let _ours = own(&*log).await;
    log.put_state(LANE, change("and more")).await.unwrap();
    assert_eq!(log.load_state(LANE).await.unwrap(), ["kept", "and more"]);
}
