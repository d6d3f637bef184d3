//! Disk comes back, whatever pins it.

use crate::support::{EVENTS, channel, event, folder_bytes, held, mark, numbers, open, read, small, until};
use broker_core::{Backend, ChannelId, Lane, StateWrite};
use bytes::Bytes;
use channel_log::{LogOptions, scan};
use std::path::{Path, PathBuf};

const SEGMENT: u64 = 8 << 10;

#[tokio::test]
async fn a_backlog_that_is_done_leaves_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let backend = open(dir.path(), small());
    let log = channel(&backend, "a").await;
    for n in (0..2000).step_by(50) {
        log.append(EVENTS, (n..n + 50).map(|n| event(n, 200)).collect()).await.unwrap();
    }
    assert!(folder_bytes(dir.path()) > 60 * SEGMENT);
    log.truncate(EVENTS, 2000).await.unwrap();
    until("the disk back", || folder_bytes(dir.path()) <= 4 * SEGMENT).await;
}

#[tokio::test]
async fn a_few_old_records_pin_nothing_and_keep_their_positions() {
    let dir = tempfile::tempdir().unwrap();
    let backend = open(dir.path(), small());
    let (busy, idle) = (channel(&backend, "busy").await, channel(&backend, "idle").await);
    for n in 0..20 {
        idle.append(EVENTS, vec![mark(n, 10)]).await.unwrap();
        idle.append(Lane::DEAD_LETTERS, vec![mark(n, 10)]).await.unwrap();
        idle.put_state(EVENTS, StateWrite::Change(Bytes::from(n.to_string()))).await.unwrap();
        busy.append(EVENTS, (n * 50..n * 50 + 50).map(|n| event(n, 200)).collect()).await.unwrap();
        busy.truncate(EVENTS, n * 50).await.unwrap();
    }
    busy.truncate(EVENTS, 1000).await.unwrap();
    until("the disk back", || folder_bytes(dir.path()) <= 6 * SEGMENT).await;
    let state: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    for reopened in 0..3 {
        for lane in [EVENTS, Lane::DEAD_LETTERS] {
            assert_eq!(held(idle.as_ref(), lane).await, numbers(0..20), "{reopened}");
            assert_eq!(read(idle.as_ref(), lane, 0, 20).await, numbers(0..20));
        }
        assert_eq!(idle.load_state(EVENTS).await.unwrap(), state);
    }
    backend.close().await;
    for _ in 0..3 {
        let backend = open(dir.path(), small());
        let idle = channel(&backend, "idle").await;
        for lane in [EVENTS, Lane::DEAD_LETTERS] {
            assert_eq!(held(idle.as_ref(), lane).await, numbers(0..20));
        }
        assert_eq!(idle.load_state(EVENTS).await.unwrap(), state);
        assert_eq!(channel(&backend, "busy").await.end(EVENTS).await.unwrap(), 1000);
    }
}

#[tokio::test]
async fn restarts_do_not_pile_up_segments() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..40 {
        let backend = open(dir.path(), small());
        let log = channel(&backend, "a").await;
        log.append(EVENTS, vec![mark(n, 1)]).await.unwrap();
        until("old segments moved", || folder_bytes(dir.path()) <= 6 * SEGMENT).await;
    }
    let backend = open(dir.path(), small());
    assert_eq!(held(channel(&backend, "a").await.as_ref(), EVENTS).await, numbers(0..40));
}

#[tokio::test]
async fn a_thousand_channels_are_open_at_once_and_take_little_disk() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..2 {
        let began = std::time::Instant::now();
        let backend = open(dir.path(), LogOptions::default());
        let mut logs = Vec::new();
        for n in 0..1000 {
            logs.push(channel(&backend, &format!("broker/default/{n}")).await);
        }
        let appends = logs.iter().map(|log| log.append(EVENTS, vec![mark(round, 10)]));
        futures::future::try_join_all(appends).await.unwrap();
        assert!(began.elapsed() < std::time::Duration::from_secs(2));
        assert!(folder_bytes(dir.path()) < 100_000_000);
        for log in logs.iter().step_by(100) {
            assert_eq!(held(log.as_ref(), EVENTS).await, numbers(0..round + 1));
        }
    }
}

#[tokio::test]
async fn removed_channels_do_not_come_back_from_segments_that_others_keep() {
    let dir = tempfile::tempdir().unwrap();
    let backend = open(dir.path(), small());
    let (idle, busy) = (channel(&backend, "idle").await, channel(&backend, "busy").await);
    idle.append(EVENTS, (0..5).map(|n| mark(n, 400)).collect()).await.unwrap();
    for name in ["gone", "again"] {
        channel(&backend, name).await.append(EVENTS, vec![mark(0, 10)]).await.unwrap();
    }
    let first = dir.path().join("0000000001.log");
    assert_eq!(last_written(dir.path()), first);
    let kept = std::fs::read(&first).unwrap();
    let fill = async || busy.append(EVENTS, (0..100).map(|n| event(n, 200)).collect()).await.unwrap();
    fill().await;
    for name in ["gone", "again"] {
        backend.remove(&ChannelId::from(name)).await.unwrap();
    }
    let removal = last_written(dir.path());
    channel(&backend, "again").await.append(EVENTS, vec![mark(7, 10)]).await.unwrap();
    for n in 5..9 {
        fill().await;
        idle.append(EVENTS, vec![mark(n, 300)]).await.unwrap();
    }
    fill().await;
    busy.truncate(EVENTS, u64::MAX).await.unwrap();
    until("the removal's segment gone", || !removal.exists()).await;
    assert_eq!(std::fs::read(&first).unwrap(), kept, "what they held before is still there");
    backend.close().await;
    let backend = open(dir.path(), small());
    assert_eq!(held(channel(&backend, "gone").await.as_ref(), EVENTS).await, []);
    assert_eq!(held(channel(&backend, "again").await.as_ref(), EVENTS).await, [(0, 7)]);
    assert_eq!(held(channel(&backend, "idle").await.as_ref(), EVENTS).await, numbers(0..9));
}

/// The segments, oldest first.
fn segments(dir: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut segments: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "log")).collect();
    segments.sort();
    segments
}

/// The segment that was written to last.
fn last_written(dir: &Path) -> PathBuf {
    let mut segments = segments(dir);
    segments.retain(|path| scan(&std::fs::read(path).unwrap()).frames > 0);
    segments.pop().unwrap()
}

#[tokio::test]
async fn an_opened_log_keeps_what_it_knows_until_it_wrote_it_again() {
    let dir = tempfile::tempdir().unwrap();
    let backend = open(dir.path(), small());
    let log = channel(&backend, "a").await;
    log.append(EVENTS, (0..5).map(|n| mark(n, 10)).collect()).await.unwrap();
    log.truncate(EVENTS, 5).await.unwrap();
    backend.close().await;
    for _ in 0..3 {
        let backend = open(dir.path(), small());
        until("a segment ready to be written", || segments(dir.path()).len() == 2).await;
        assert_eq!(segments(dir.path())[0], dir.path().join("0000000001.log"));
        assert_eq!(backend.channels().await.unwrap(), [ChannelId::from("a")]);
        assert_eq!(channel(&backend, "a").await.end(EVENTS).await.unwrap(), 5);
    }
}
