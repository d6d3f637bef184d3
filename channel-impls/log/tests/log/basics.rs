//! What any log must do, here on a real folder.

use crate::support::{EVENTS, channel, event, held, mark, numbers, open, read, small, until};
use broker_core::{AppendError, Backend, ChannelId, ChannelOptions, Lane, LaneChange, LogError, StateWrite};
use bytes::Bytes;
use channel_log::{LogBackend, LogOptions, OpenError};
use event::Timestamp;
use futures::FutureExt;
use prometheus_client::registry::Registry;
use std::pin::pin;
use std::time::Duration;

#[tokio::test]
async fn records_come_back_in_order_from_memory_and_from_disk() {
    let dir = tempfile::tempdir().unwrap();
    for options in [LogOptions::default(), small()] {
        let backend = open(dir.path(), options);
        let log = channel(&backend, "a").await;
        let end = log.end(EVENTS).await.unwrap();
        for n in end..end + 300 {
            log.append(EVENTS, vec![mark(n, 10)]).await.unwrap();
        }
        assert_eq!(read(log.as_ref(), EVENTS, 0, 300 + end as usize).await, numbers(0..end + 300));
        assert_eq!(held(log.as_ref(), EVENTS).await, numbers(0..end + 300));
        assert_eq!(read(log.as_ref(), EVENTS, end + 250, 50).await, numbers(end + 250..end + 300));
        backend.close().await;
    }
}

#[tokio::test]
async fn events_of_several_channels_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let backend = open(dir.path(), small());
        for name in ["a", "b", "c"] {
            let log = channel(&backend, name).await;
            assert_eq!(held(log.as_ref(), EVENTS).await, numbers(0..round * 40));
            for n in (round * 40..round * 40 + 40).step_by(4) {
                log.append(EVENTS, (n..n + 4).map(|n| event(n, 60)).collect()).await.unwrap();
            }
        }
        drop(backend);
    }
    let backend = open(dir.path(), small());
    let mut names = backend.channels().await.unwrap();
    names.sort();
    assert_eq!(names, ["a", "b", "c"].map(ChannelId::from));
    assert!(backend.damage().is_empty());
}

/// A client that hangs up takes its request with it, not the event that is on its way to the disk.
#[tokio::test]
async fn what_nobody_waits_for_any_more_is_read_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let backend = open(dir.path(), LogOptions::default());
    let log = channel(&backend, "a").await;
    let mut reader = log.read(EVENTS, 0);
    for n in 0..50 {
        let mut next = pin!(reader.next());
        assert!(next.as_mut().now_or_never().is_none());
        // Once asked and then dropped: before the sync or after it, as it comes.
        let _ = log.append(EVENTS, vec![mark(n, 1)]).now_or_never();
        let batch =
            tokio::time::timeout(Duration::from_secs(30), next).await.expect("nobody told the reader");
        assert_eq!(batch.unwrap().next, n + 1);
    }
}

#[tokio::test]
async fn a_reader_at_the_end_is_woken() {
    let dir = tempfile::tempdir().unwrap();
    let backend = open(dir.path(), LogOptions::default());
    let log = channel(&backend, "a").await;
    let mut reader = log.read(EVENTS, 0);
    let (batch, appended) = tokio::join!(reader.next(), log.append(EVENTS, vec![mark(0, 1)]));
    appended.unwrap();
    assert_eq!(batch.unwrap().next, 1);
    // Dropped while it waits, the reader goes on where it was.
    assert!(tokio::time::timeout(Duration::from_millis(1), reader.next()).await.is_err());
    log.append(EVENTS, vec![mark(1, 1)]).await.unwrap();
    assert_eq!(reader.next().await.unwrap().entries[0].0, 1);
}

#[tokio::test]
async fn what_is_truncated_stays_away_and_positions_never_come_again() {
    let dir = tempfile::tempdir().unwrap();
    let backend = open(dir.path(), small());
    let log = channel(&backend, "a").await;
    log.append(EVENTS, (0..100).map(|n| mark(n, 100)).collect()).await.unwrap();
    log.truncate(EVENTS, 90).await.unwrap();
    log.truncate(EVENTS, 10).await.unwrap();
    assert_eq!(log.first(EVENTS).await.unwrap(), 90);
    assert_eq!(held(log.as_ref(), EVENTS).await, numbers(90..100));
    assert_eq!(read(log.as_ref(), EVENTS, 0, 10).await, numbers(90..100));
    log.truncate(EVENTS, u64::MAX).await.unwrap();
    assert_eq!(log.bytes(), 0);
    backend.close().await;

    let backend = open(dir.path(), small());
    let log = channel(&backend, "a").await;
    assert_eq!((log.first(EVENTS).await.unwrap(), log.end(EVENTS).await.unwrap()), (100, 100));
    log.append(EVENTS, vec![mark(100, 1)]).await.unwrap();
    assert_eq!(held(log.as_ref(), EVENTS).await, numbers(100..101));
}

#[tokio::test]
async fn state_is_the_newest_snapshot_and_the_changes_since() {
    let dir = tempfile::tempdir().unwrap();
    let piece = |text: &str| Bytes::from(text.to_owned());
    let steps = [
        (StateWrite::Change(piece("a")), vec!["a"]),
        (StateWrite::Change(piece("b")), vec!["a", "b"]),
        (StateWrite::Snapshot(vec![piece("ab"), piece("c")]), vec!["ab", "c"]),
        (StateWrite::Change(piece("d")), vec!["ab", "c", "d"]),
        (StateWrite::Snapshot(vec![]), vec![]),
        (StateWrite::Change(piece("e")), vec!["e"]),
    ];
    for (write, expected) in steps {
        let backend = open(dir.path(), small());
        let log = channel(&backend, "a").await;
        log.put_state(Lane::DEAD_LETTERS, StateWrite::Change(piece("other"))).await.unwrap();
        log.put_state(EVENTS, write).await.unwrap();
        assert_eq!(log.load_state(EVENTS).await.unwrap(), expected);
        drop(backend);
        let backend = open(dir.path(), small());
        assert_eq!(channel(&backend, "a").await.load_state(EVENTS).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn a_removed_channel_is_gone_and_its_name_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let backend = open(dir.path(), small());
    let (old, other) = (channel(&backend, "a").await, channel(&backend, "b").await);
    for n in 0..50 {
        old.append(EVENTS, vec![mark(n, 100)]).await.unwrap();
        other.append(EVENTS, vec![mark(n, 100)]).await.unwrap();
    }
    old.put_state(EVENTS, StateWrite::Change(Bytes::from("old"))).await.unwrap();
    let mut reader = old.read(EVENTS, 50);
    let name = ChannelId::from("a");
    let (read, removed) = tokio::join!(reader.next(), backend.remove(&name));
    removed.unwrap();
    assert!(matches!(read, Err(LogError::Closed)));
    assert!(old.append(EVENTS, vec![mark(0, 1)]).await.is_err());
    backend.remove(&ChannelId::from("a")).await.unwrap();
    let new = channel(&backend, "a").await;
    new.append(EVENTS, vec![mark(0, 1)]).await.unwrap();
    for n in 50..100 {
        other.append(EVENTS, vec![mark(n, 100)]).await.unwrap();
    }
    backend.close().await;
    for _ in 0..2 {
        let backend = open(dir.path(), small());
        let log = channel(&backend, "a").await;
        assert_eq!(held(log.as_ref(), EVENTS).await, numbers(0..1));
        assert!(log.load_state(EVENTS).await.unwrap().is_empty());
        assert_eq!(held(channel(&backend, "b").await.as_ref(), EVENTS).await, numbers(0..100));
    }
}

#[tokio::test]
async fn a_time_finds_its_position() {
    let dir = tempfile::tempdir().unwrap();
    let backend = open(dir.path(), small());
    let log = channel(&backend, "a").await;
    let mut times = Vec::new();
    for n in 0..200 {
        let before = Timestamp::now();
        log.append(EVENTS, vec![mark(n, 100)]).await.unwrap();
        times.push((before, Timestamp::now()));
    }
    for (n, (before, after)) in (0..).zip(&times) {
        assert!(log.position_at(EVENTS, *before).await.unwrap() <= n);
        assert!(log.position_at(EVENTS, after.plus(Duration::from_millis(1))).await.unwrap() > n);
    }
    assert_eq!(log.position_at(EVENTS, Timestamp(0)).await.unwrap(), 0);
    assert_eq!(log.position_at(EVENTS, Timestamp(u64::MAX)).await.unwrap(), 200);
}

#[tokio::test]
async fn a_full_budget_refuses_events_and_takes_what_frees_space() {
    let dir = tempfile::tempdir().unwrap();
    let backend = open(dir.path(), LogOptions::default());
    let options = ChannelOptions { byte_budget: Some(10_000), ..ChannelOptions::default() };
    let log = backend.open(&ChannelId::from("a"), &options).await.unwrap();
    let other = channel(&backend, "b").await;
    let mut taken = 0;
    let refused = loop {
        match log.append(EVENTS, vec![event(taken, 500)]).await {
            Ok(()) => taken += 1,
            Err(refused) => break refused,
        }
    };
    assert!((10..20).contains(&taken), "{taken}");
    assert!(matches!(refused, AppendError::Full { budget: 10_000, used, .. } if used <= 10_000));
    log.append(EVENTS, vec![mark(taken, 1000)]).await.unwrap();
    other.append(EVENTS, vec![event(0, 500)]).await.unwrap();
    log.truncate(EVENTS, 5).await.unwrap();
    log.append(EVENTS, vec![event(taken + 1, 500)]).await.unwrap();
    log.configure(&ChannelOptions::default());
    log.append(EVENTS, (0..100).map(|n| event(n, 500)).collect()).await.unwrap();
}

#[tokio::test]
async fn without_a_budget_a_channel_is_full_when_the_share_of_the_disk_is() {
    let dir = tempfile::tempdir().unwrap();
    let backend = open(dir.path(), LogOptions { disk_budget: Some(40_000), ..small() });
    let log = channel(&backend, "a").await;
    let mut taken = 0;
    while log.append(EVENTS, vec![event(taken, 500)]).await.is_ok() {
        taken += 1;
        assert!(taken < 100);
    }
    log.truncate(EVENTS, taken).await.unwrap();
    for _ in 0..5000 {
        if log.append(EVENTS, vec![event(taken, 500)]).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("space was not given back");
}

#[tokio::test]
async fn records_larger_than_a_segment_are_taken_up_to_a_limit() {
    let dir = tempfile::tempdir().unwrap();
    let backend = open(dir.path(), small());
    let log = channel(&backend, "a").await;
    log.append(EVENTS, vec![event(0, 10), event(1, 100_000), event(2, 10), event(3, 30_000)]).await.unwrap();
    let refused = log.append(EVENTS, vec![event(4, 65 << 20)]).await;
    assert!(matches!(refused, Err(AppendError::TooLarge { .. })));
    drop(log);
    drop(backend);
    let backend = open(dir.path(), small());
    let log = channel(&backend, "a").await;
    let found = log.get(EVENTS, &[0, 1, 2, 3]).await.unwrap();
    assert_eq!(
        found.iter().map(|(_, entry)| entry.clone()).collect::<Vec<_>>(),
        [event(0, 10), event(1, 100_000), event(2, 10), event(3, 30_000)]
    );
}

#[tokio::test]
async fn both_lanes_are_ours_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let backend = open(dir.path(), LogOptions::default());
    let log = channel(&backend, "a").await;
    let mut changes = log.ownership();
    assert_eq!(changes.recv().await, Some(LaneChange::Gained(EVENTS)));
    assert_eq!(changes.recv().await, Some(LaneChange::Gained(Lane::DEAD_LETTERS)));
    assert!(changes.try_recv().is_err_and(|e| e == tokio::sync::mpsc::error::TryRecvError::Empty));
}

#[tokio::test]
async fn a_second_process_is_refused_with_the_pid_of_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let backend = open(dir.path(), LogOptions::default());
    let log = channel(&backend, "a").await;
    let again = || LogBackend::open(dir.path(), LogOptions::default(), &mut Registry::default());
    let refused = again().err().unwrap().to_string();
    assert!(refused.contains(&format!("pid {}", std::process::id())), "{refused}");
    backend.close().await;
    assert!(log.append(EVENTS, vec![mark(0, 1)]).await.is_err());
    assert!(again().is_ok());
}

#[test]
fn a_folder_that_cannot_be_used_is_refused_in_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = LogBackend::open(&file.join("data"), LogOptions::default(), &mut Registry::default());
    let message = refused.err().unwrap().to_string();
    assert!(message.contains("--data") && !message.contains('\n'), "{message}");
}

#[tokio::test]
async fn a_newer_format_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("0000000001.log");
    let backend = open(dir.path(), small());
    until("a segment", || path.exists()).await;
    drop(backend);
    let mut bytes = std::fs::read(&path).unwrap();
    for copy in [0, 256] {
        bytes[copy + 8] = 2;
        let crc = crc32c::crc32c(&bytes[copy..copy + 32]);
        bytes[copy + 32..copy + 36].copy_from_slice(&crc.to_le_bytes());
    }
    std::fs::write(&path, bytes).unwrap();
    let refused = LogBackend::open(dir.path(), small(), &mut Registry::default());
    assert!(matches!(refused.err(), Some(OpenError::Newer { version: 2, known: 1, .. })));
}
