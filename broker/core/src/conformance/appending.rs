//! What is appended is there, in order, up to the budget.

use super::Harness;
use super::mesh::channel_id;
use super::sample::{entries, entry, id_of, ids, letter, plain, sized};
use super::waiting::{eventually, read, soon};
use crate::{AppendError, Backend, ChannelOptions, DeadLetterChange, Done, Entry, GroupChange, Lane, Log};
use std::sync::Arc;

const LANE: Lane = Lane(0);

/// Opens a channel; the backend must be kept as long as the log.
pub(super) async fn open(harness: &impl Harness) -> (Arc<dyn Backend>, Arc<dyn Log>) {
    open_with(harness, &ChannelOptions::default()).await
}

async fn open_with(harness: &impl Harness, options: &ChannelOptions) -> (Arc<dyn Backend>, Arc<dyn Log>) {
    let backend = soon(harness.open()).await;
    let log = soon(backend.open(&channel_id(), options)).await.unwrap();
    (backend, log)
}

/// A lane is read in the order it was appended to, at growing positions.
pub async fn records_are_read_in_the_order_of_their_appends(harness: &impl Harness) {
    let (_backend, log) = open(harness).await;
    for id in 0..100 {
        log.append(LANE, entries([id])).await.unwrap();
    }
    let found = read(&*log, LANE, 0, 100).await;
    assert_eq!(ids(&found), (0..100).collect::<Vec<_>>());
    assert!(found.is_sorted_by(|(a, _), (b, _)| a < b), "positions only grow");
}

/// A batch is appended in its order.
pub async fn a_batch_keeps_its_order(harness: &impl Harness) {
    let (_backend, log) = open(harness).await;
    log.append(LANE, entries(0..1000)).await.unwrap();
    log.append(LANE, entries(1000..1010)).await.unwrap();
    assert_eq!(ids(&read(&*log, LANE, 0, 1010).await), (0..1010).collect::<Vec<_>>());
}

/// A reader at the end gets what comes.
pub async fn an_append_ends_the_wait_of_a_reader(harness: &impl Harness) {
    let (_backend, log) = open(harness).await;
    let mut reader = log.read(LANE, 0);
    for id in 0..3 {
        let (batch, appended) =
            soon(async { tokio::join!(reader.next(), log.append(LANE, entries([id]))) }).await;
        appended.unwrap();
        assert_eq!(ids(&batch.unwrap().entries), [id]);
    }
}

/// After `Ok` a record can be read, and the end is above it.
pub async fn what_was_appended_is_below_the_end_at_once(harness: &impl Harness) {
    let (_backend, log) = open(harness).await;
    for id in 0..20 {
        let before = log.end(LANE).await.unwrap();
        log.append(LANE, entries([id])).await.unwrap();
        let (at, found) = read(&*log, LANE, before, 1).await.remove(0);
        assert_eq!(id_of(&found), id);
        assert!(before <= at && at < log.end(LANE).await.unwrap());
    }
}

/// Appends at the same time neither lose nor overtake each other.
pub async fn concurrent_appends_are_all_there(harness: &impl Harness) {
    const TASKS: u64 = 16;
    const EACH: u64 = 30;
    let (_backend, log) = open(harness).await;
    let append_all = |task: u64| {
        let log = log.clone();
        async move {
            for n in 0..EACH {
                log.append(LANE, entries([task * EACH + n])).await.unwrap();
            }
        }
    };
    let tasks: Vec<_> = (0..TASKS).map(|task| tokio::spawn(append_all(task))).collect();
    for task in tasks {
        soon(task).await.unwrap();
    }
    let found = ids(&read(&*log, LANE, 0, (TASKS * EACH) as usize).await);
    for task in 0..TASKS {
        let mine: Vec<u64> = found.iter().copied().filter(|id| id / EACH == task).collect();
        assert_eq!(mine, (task * EACH..(task + 1) * EACH).collect::<Vec<_>>());
    }
}

/// A payload of a mebibyte is not changed.
pub async fn a_large_record_comes_back_whole(harness: &impl Harness) {
    let (_backend, log) = open(harness).await;
    let large = entry(sized(2, 1024 * 1024));
    log.append(LANE, vec![entry(plain(1)), large.clone(), entry(plain(3))]).await.unwrap();
    let found = read(&*log, LANE, 0, 3).await;
    assert_eq!(ids(&found), [1, 2, 3]);
    assert!(found[1].1 == large, "attributes, payload and envelope are as they were");
    let again = log.get(LANE, &[found[1].0]).await.unwrap();
    assert!(again == [found[1].clone()]);
}

/// Each lane has its own records, the dead letter lane too.
pub async fn lanes_do_not_mix(harness: &impl Harness) {
    let (_backend, log) = open(harness).await;
    let gone = |id: &str| Entry::DeadLetter(Arc::new(DeadLetterChange::Gone { id: id.to_owned() }));
    for lane in 0..log.lanes() {
        log.append(Lane(lane), entries([u64::from(lane)])).await.unwrap();
        log.append(Lane::DEAD_LETTERS, vec![gone(&lane.to_string())]).await.unwrap();
    }
    for lane in 0..log.lanes() {
        assert_eq!(ids(&read(&*log, Lane(lane), 0, 1).await), [u64::from(lane)]);
    }
    let letters = read(&*log, Lane::DEAD_LETTERS, 0, log.lanes() as usize).await;
    let wanted: Vec<_> = (0..log.lanes()).map(|lane| gone(&lane.to_string())).collect();
    assert_eq!(letters.into_iter().map(|(_, entry)| entry).collect::<Vec<_>>(), wanted);
}

const BUDGET: u64 = 1024 * 1024;

/// A channel with a budget, filled until not even a small event fits.
async fn filled(harness: &impl Harness) -> (Arc<dyn Backend>, Arc<dyn Log>) {
    let options = ChannelOptions { byte_budget: Some(BUDGET), ..ChannelOptions::default() };
    let (backend, log) = open_with(harness, &options).await;
    for size in [64 * 1024, 1024, 0] {
        fill_with(&*log, size).await;
    }
    (backend, log)
}

async fn fill_with(log: &dyn Log, size: usize) {
    // So many could not fit by any way of counting.
    for id in 0..100 {
        match log.append(LANE, vec![entry(sized(id, size))]).await {
            Ok(()) => {}
            Err(AppendError::Full { budget: BUDGET, .. }) => return,
            Err(other) => panic!("{other}"),
        }
    }
    panic!("more than the budget was taken");
}

/// The budget bounds a channel; truncating or a larger budget makes room.
pub async fn a_full_channel_says_so_until_there_is_room(harness: &impl Harness) {
    let (_backend, log) = filled(harness).await;
    let more = || log.append(LANE, vec![entry(sized(1, 64 * 1024))]);
    log.configure(&ChannelOptions { byte_budget: Some(100 * BUDGET), ..ChannelOptions::default() });
    more().await.unwrap();
    log.configure(&ChannelOptions { byte_budget: Some(BUDGET), ..ChannelOptions::default() });
    assert!(matches!(more().await, Err(AppendError::Full { .. })));
    log.truncate(LANE, log.end(LANE).await.unwrap()).await.unwrap();
    eventually("truncating makes room", async || more().await.is_ok()).await;
}

/// Removing the group that pins a full channel, burying its events, moving them forward and letting them go on must
/// be possible.
pub async fn a_full_channel_still_takes_what_makes_room(harness: &impl Harness) {
    let (_backend, log) = filled(harness).await;
    let group = "default/pins".into();
    let removed = GroupChange::Remove { group, incarnation: "a long one ".repeat(100) };
    log.append(LANE, vec![Entry::Group(Arc::new(removed))]).await.unwrap();
    let mut moved = sized(8, 1024);
    moved.envelope.origin = Some(0);
    log.append(LANE, vec![entry(moved)]).await.unwrap();
    let done = Done { group: "default/pins".into(), incarnation: "1".into(), at: 0 };
    log.append(LANE, vec![entry(sized(9, 1024)), Entry::Done(Arc::new(done))]).await.unwrap();
    let mut buried = letter("1", "default/pins", 7);
    buried.record = Arc::new(sized(7, 1024));
    let buried = DeadLetterChange::Put(buried);
    log.append(Lane::DEAD_LETTERS, vec![Entry::DeadLetter(Arc::new(buried))]).await.unwrap();
}
