//! The switches do what they say: tests of other rooms lean on them.
#![expect(clippy::unwrap_used, reason = "the helpers of a test are test code too")]

use broker_core::{
    AppendError, Backend, ChannelId, ChannelOptions, Entry, GroupChange, GroupName, Health, Lane, LaneChange,
    Log, LogError, StateError, StateWrite,
};
use bytes::Bytes;
use channel_memory::MemoryBackend;
use std::sync::Arc;

const LANE: Lane = Lane(0);

async fn opened(backend: &MemoryBackend) -> (ChannelId, Arc<dyn Log>) {
    let id = ChannelId::from("broker/default/shop");
    let log = backend.open(&id, &ChannelOptions::default()).await.unwrap();
    (id, log)
}

fn mark(name: &str) -> Entry {
    let group = GroupName::from(name);
    Entry::Group(Arc::new(GroupChange::Remove { group, incarnation: String::new() }))
}

fn change(text: &'static str) -> StateWrite {
    StateWrite::Change(Bytes::from_static(text.as_bytes()))
}

async fn positions(log: &dyn Log) -> Vec<u64> {
    log.read(LANE, 0).next().await.unwrap().entries.iter().map(|(position, _)| *position).collect()
}

#[tokio::test]
async fn refused_appends_leave_nothing_and_unanswered_ones_do() {
    let backend = MemoryBackend::new();
    let (_, log) = opened(&backend).await;
    backend.faults().refuse_appends(1);
    assert!(matches!(log.append(LANE, vec![mark("a")]).await, Err(AppendError::Unavailable(_))));
    assert_eq!(log.end(LANE).await.unwrap(), 0);
    backend.faults().lose_answers(1);
    assert!(matches!(log.append(LANE, vec![mark("a")]).await, Err(AppendError::Unavailable(_))));
    log.append(LANE, vec![mark("a")]).await.unwrap();
    assert_eq!(positions(log.as_ref()).await, [0, 1]);
}

#[tokio::test]
async fn failed_reads_and_state_writes_pass() {
    let backend = MemoryBackend::new();
    let (_, log) = opened(&backend).await;
    log.append(LANE, vec![mark("a")]).await.unwrap();
    backend.faults().fail_reads(2);
    let mut reader = log.read(LANE, 0);
    assert!(matches!(reader.next().await, Err(LogError::Unavailable(_))));
    assert!(matches!(log.get(LANE, &[0]).await, Err(LogError::Unavailable(_))));
    assert_eq!(reader.next().await.unwrap().next, 1);
    backend.faults().fail_state(1);
    assert!(matches!(log.put_state(LANE, change("x")).await, Err(StateError::Unavailable(_))));
    log.put_state(LANE, change("y")).await.unwrap();
    assert_eq!(log.load_state(LANE).await.unwrap(), ["y"]);
}

#[tokio::test]
async fn a_taken_lane_is_fenced_until_it_is_given_back() {
    let backend = MemoryBackend::with_lanes(2);
    let (id, log) = opened(&backend).await;
    let mut ownership = log.ownership();
    for lane in [Lane(0), Lane(1), Lane::DEAD_LETTERS] {
        assert_eq!(ownership.recv().await, Some(LaneChange::Gained(lane)));
    }
    backend.faults().announce_leaving(&id, LANE).await;
    backend.faults().take_lane(&id, LANE).await;
    assert_eq!(ownership.recv().await, Some(LaneChange::Leaving(LANE)));
    assert_eq!(ownership.recv().await, Some(LaneChange::Lost(LANE)));
    assert!(matches!(log.put_state(LANE, change("late")).await, Err(StateError::Fenced)));
    log.put_state(Lane(1), change("other lane")).await.unwrap();
    backend.faults().give_lane(&id, LANE).await;
    assert_eq!(ownership.recv().await, Some(LaneChange::Gained(LANE)));
    log.put_state(LANE, change("again")).await.unwrap();
    assert_eq!(log.load_state(LANE).await.unwrap(), ["again"]);
}

#[tokio::test]
async fn gaps_and_damage_are_passed_over() {
    let backend = MemoryBackend::new();
    let (id, log) = opened(&backend).await;
    log.append(LANE, vec![mark("a"), mark("b"), mark("c")]).await.unwrap();
    backend.faults().leave_gap(&id, LANE, 10);
    log.append(LANE, vec![mark("d")]).await.unwrap();
    backend.faults().damage(&id, LANE, 1);
    assert_eq!(positions(log.as_ref()).await, [0, 2, 13]);
    let found = log.get(LANE, &[0, 1, 5, 13]).await.unwrap();
    assert_eq!(found.iter().map(|(position, _)| *position).collect::<Vec<_>>(), [0, 13]);
}

#[tokio::test]
async fn a_restart_keeps_the_data_and_kills_what_was_open() {
    let backend = MemoryBackend::new();
    let (_, old) = opened(&backend).await;
    let mut ownership = old.ownership();
    old.append(LANE, vec![mark("a")]).await.unwrap();
    old.put_state(LANE, change("kept")).await.unwrap();
    let mut waiting = old.read(LANE, 1);
    let waiting = tokio::spawn(async move { waiting.next().await });
    tokio::task::yield_now().await;

    let (_, new) = opened(&backend.faults().restart()).await;
    assert!(matches!(waiting.await.unwrap(), Err(LogError::Closed)));
    assert!(matches!(old.append(LANE, vec![mark("b")]).await, Err(AppendError::Unavailable(_))));
    assert!(matches!(old.put_state(LANE, change("late")).await, Err(StateError::Fenced)));
    while let Some(change) = ownership.recv().await {
        assert!(matches!(change, LaneChange::Gained(_)));
    }
    assert_eq!(positions(new.as_ref()).await, [0]);
    assert_eq!(new.load_state(LANE).await.unwrap(), ["kept"]);
}

#[tokio::test]
async fn health_is_what_the_test_says() {
    let backend = MemoryBackend::new();
    let health = backend.health();
    assert_eq!(*health.borrow(), Health::Up);
    backend.faults().set_health(Health::Failed("disk".to_owned()));
    assert_eq!(*health.borrow(), Health::Failed("disk".to_owned()));
}
