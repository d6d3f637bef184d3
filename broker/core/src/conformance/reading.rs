//! Where reading starts, what is found, what was given up.

use super::Harness;
use super::appending::open;
use super::sample::{entries, ids};
use super::waiting::{a_later_time, read, read_on, soon};
use crate::{Lane, Log, Position};
use event::Timestamp;
use std::time::Duration;

const LANE: Lane = Lane(0);

/// Appends events with the ids `0..n`, each by itself: their positions.
async fn fill(log: &dyn Log, n: u64) -> Vec<Position> {
    for id in 0..n {
        log.append(LANE, entries([id])).await.unwrap();
    }
    read(log, LANE, 0, n as usize).await.into_iter().map(|(at, _)| at).collect()
}

/// Several readers of a lane each have their own place.
pub async fn readers_are_independent(harness: &impl Harness) {
    let (_backend, log) = open(harness).await;
    log.append(LANE, entries(0..10)).await.unwrap();
    let (mut one, mut other) = (log.read(LANE, 0), log.read(LANE, 0));
    assert_eq!(ids(&read_on(&mut *one, 10).await), (0..10).collect::<Vec<_>>());
    log.append(LANE, entries(10..20)).await.unwrap();
    assert_eq!(ids(&read_on(&mut *one, 10).await), (10..20).collect::<Vec<_>>());
    assert_eq!(ids(&read_on(&mut *other, 20).await), (0..20).collect::<Vec<_>>());
}

/// A reader begins with the first record not below its start, and says where it goes on.
pub async fn a_reader_starts_where_it_is_told(harness: &impl Harness) {
    let (_backend, log) = open(harness).await;
    let positions = fill(&*log, 10).await;
    for (n, from) in positions.iter().enumerate() {
        let found = read(&*log, LANE, *from, 10 - n).await;
        assert_eq!(ids(&found), (n as u64..10).collect::<Vec<_>>());
    }
    let batch = soon(log.read(LANE, positions[4]).next()).await.unwrap();
    let last = batch.entries.last().unwrap().0;
    assert!(batch.next > last, "it goes on above the last record");
    if last < positions[9] {
        let rest = read(&*log, LANE, batch.next, 1).await;
        assert!(rest[0].0 > last);
    }
}

/// `next` may be dropped while it waits.
pub async fn a_wait_that_is_given_up_loses_nothing(harness: &impl Harness) {
    let (_backend, log) = open(harness).await;
    let appending = async {
        for id in 0..50 {
            log.append(LANE, entries([id])).await.unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let reading = async {
        let (mut reader, mut found) = (log.read(LANE, 0), Vec::new());
        while found.len() < 50 {
            if let Ok(batch) = tokio::time::timeout(Duration::from_micros(700), reader.next()).await {
                found.extend(ids(&batch.unwrap().entries));
            }
        }
        found
    };
    let (_, found) = soon(async { tokio::join!(appending, reading) }).await;
    assert_eq!(found, (0..50).collect::<Vec<_>>());
}

/// `get` finds what is there and leaves out what is not.
pub async fn records_are_found_by_position(harness: &impl Harness) {
    let (_backend, log) = open(harness).await;
    let positions = fill(&*log, 10).await;
    let end = log.end(LANE).await.unwrap();
    let wanted = [positions[0], positions[3], positions[9], end, end + 1000];
    let found = log.get(LANE, &wanted).await.unwrap();
    assert_eq!(ids(&found), [0, 3, 9]);
    assert_eq!(found.iter().map(|(at, _)| *at).collect::<Vec<_>>(), wanted[..3]);
    assert!(log.get(LANE, &[]).await.unwrap().is_empty());
}

/// Every record lies between `first` and `end`.
pub async fn first_and_end_enclose_the_records(harness: &impl Harness) {
    let (_backend, log) = open(harness).await;
    assert!(log.first(LANE).await.unwrap() <= log.end(LANE).await.unwrap());
    let positions = fill(&*log, 5).await;
    assert!(log.first(LANE).await.unwrap() <= positions[0]);
    assert!(log.end(LANE).await.unwrap() > positions[4]);
}

/// Truncating gives up everything below, and nothing else, however often it is said.
pub async fn what_was_truncated_is_gone_and_the_rest_is_not(harness: &impl Harness) {
    let (_backend, log) = open(harness).await;
    let positions = fill(&*log, 10).await;
    for _ in 0..2 {
        log.truncate(LANE, positions[6]).await.unwrap();
        assert_eq!(ids(&read(&*log, LANE, 0, 4).await), [6, 7, 8, 9]);
        assert_eq!(ids(&log.get(LANE, &positions).await.unwrap()), [6, 7, 8, 9]);
        assert!(log.first(LANE).await.unwrap() <= positions[6]);
    }
    log.truncate(LANE, positions[2]).await.unwrap();
    assert_eq!(ids(&read(&*log, LANE, 0, 4).await), [6, 7, 8, 9]);
}

/// A lane that was given up as a whole goes on at its end.
pub async fn truncating_to_the_end_spares_what_comes_later(harness: &impl Harness) {
    let (_backend, log) = open(harness).await;
    fill(&*log, 10).await;
    let end = log.end(LANE).await.unwrap();
    log.truncate(LANE, end).await.unwrap();
    assert_eq!(log.end(LANE).await.unwrap(), end);
    log.append(LANE, entries([10])).await.unwrap();
    let found = read(&*log, LANE, 0, 1).await;
    assert_eq!(ids(&found), [10]);
    assert!(found[0].0 >= end);
}

/// A time leads to the first record appended at or after it.
pub async fn a_position_is_found_by_time(harness: &impl Harness) {
    let (_backend, log) = open(harness).await;
    log.append(LANE, entries([0, 1])).await.unwrap();
    let time = a_later_time().await;
    log.append(LANE, entries([2, 3])).await.unwrap();
    let at = log.position_at(LANE, time).await.unwrap();
    assert_eq!(ids(&read(&*log, LANE, at, 2).await), [2, 3]);
    let oldest = log.position_at(LANE, Timestamp(0)).await.unwrap();
    assert_eq!(ids(&read(&*log, LANE, oldest, 4).await), [0, 1, 2, 3]);
    let later = Timestamp::now().plus(Duration::from_secs(3600));
    assert_eq!(log.position_at(LANE, later).await.unwrap(), log.end(LANE).await.unwrap());
}
