//! Damaged files: the log opens, and nothing but the damaged record is missing.

use crate::simdisk::SimDisk;
use crate::support::{EVENTS, channel, held, mark, numbers, open, open_on, small};
use broker_core::{Backend, Lane, StateWrite};
use bytes::Bytes;
use channel_log::{LogBackend, scan};
use std::collections::BTreeMap;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Frames begin here.
const FRAMES: usize = 512;

/// The bytes of all files of a log with `count` records and one piece of state.
async fn written(count: u64) -> BTreeMap<String, Vec<u8>> {
    let disk = SimDisk::default();
    let backend = open_on(&disk, small());
    let log = channel(&backend, "a").await;
    log.put_state(Lane::DEAD_LETTERS, StateWrite::Change(Bytes::from("state"))).await.unwrap();
    for n in 0..count {
        log.append(EVENTS, vec![mark(n, 10)]).await.unwrap();
    }
    drop(backend);
    disk.files()
}

async fn opened(files: &BTreeMap<String, Vec<u8>>) -> (SimDisk, Arc<LogBackend>, Vec<(u64, u64)>) {
    let disk = SimDisk::of(files);
    let backend = open_on(&disk, small());
    let found = held(channel(&backend, "a").await.as_ref(), EVENTS).await;
    (disk, backend, found)
}

/// Where the last record's frame begins and ends.
fn last_frame(bytes: &[u8]) -> (usize, usize) {
    let frames = scan(bytes).frames;
    let with = |frames| (FRAMES..=bytes.len()).find(|at| scan(&bytes[..*at]).frames == frames).unwrap();
    (with(frames - 1), with(frames))
}

fn only(files: &mut BTreeMap<String, Vec<u8>>) -> &mut Vec<u8> {
    files.values_mut().max_by_key(|bytes| scan(bytes).frames).unwrap()
}

#[tokio::test]
async fn the_last_record_cut_or_flipped_at_any_byte_takes_no_other_with_it() {
    let mut files = written(3).await;
    let (start, end) = last_frame(only(&mut files));
    for at in start..end {
        for cut in [true, false] {
            let mut broken = files.clone();
            let bytes = only(&mut broken);
            if cut {
                bytes[at..].fill(0);
            } else {
                bytes[at] ^= 0x40;
            }
            let (disk, backend, found) = opened(&broken).await;
            assert!(found == numbers(0..2) || found == numbers(0..3), "{at} {cut}: {found:?}");
            let log = channel(&backend, "a").await;
            log.append(EVENTS, vec![mark(7, 1)]).await.unwrap();
            drop((log, backend));
            let backend = open_on(&disk, small());
            let found = held(channel(&backend, "a").await.as_ref(), EVENTS).await;
            assert_eq!(found[..2], numbers(0..2));
            assert_eq!(found.last().map(|(_, number)| *number), Some(7));
        }
    }
}

#[tokio::test]
async fn a_file_that_ends_early_or_goes_on_with_garbage_opens() {
    let mut files = written(3).await;
    let (start, end) = last_frame(only(&mut files));
    for length in [0, 1, FRAMES - 1, FRAMES, FRAMES + 1, start, start + 1, end - 1, end] {
        let mut broken = files.clone();
        only(&mut broken).truncate(length);
        let (_disk, _backend, found) = opened(&broken).await;
        let all = if length >= end { 3 } else { 2 };
        assert!(length < start || found == numbers(0..all), "{length}: {found:?}");
    }
    for byte in [0, 0xff, 0x11] {
        let mut broken = files.clone();
        only(&mut broken).resize(20_000, byte);
        only(&mut broken)[end..].fill(byte);
        assert_eq!(opened(&broken).await.2, numbers(0..3));
    }
    let mut garbage = files.clone();
    let mut lot = 1u32;
    for byte in &mut only(&mut garbage)[end..] {
        lot = lot.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = lot.to_le_bytes()[3];
    }
    assert_eq!(opened(&garbage).await.2, numbers(0..3));
}

#[tokio::test]
async fn any_byte_flipped_takes_one_record_and_is_reported() {
    let mut files = written(5).await;
    let (_, end) = last_frame(only(&mut files));
    let (last, _) = last_frame(only(&mut files));
    for at in 0..last {
        let mut broken = files.clone();
        only(&mut broken)[at] ^= 0x04;
        let (_disk, backend, found) = opened(&broken).await;
        assert!(found.len() >= 4, "{at} of {end}: {found:?}");
        assert!(found.iter().all(|(position, number)| position == number));
        let damage = backend.damage();
        // In a frame's padding and in the header's spare bytes nothing is lost.
        assert!(found.len() == 5 || damage.len() == 1, "{at}: {damage:?}");
        for place in damage {
            let range = place.offset as usize..(place.offset + place.bytes) as usize;
            assert!(range.contains(&at), "{at}: {place}");
        }
    }
}

#[tokio::test]
async fn after_damage_no_position_is_given_again() {
    let disk = SimDisk::default();
    let backend = open_on(&disk, small());
    let (log, other) = (channel(&backend, "a").await, channel(&backend, "b").await);
    log.append(EVENTS, (0..5).map(|n| mark(n, 10)).collect()).await.unwrap();
    log.truncate(EVENTS, 5).await.unwrap();
    for n in 0..40 {
        other.append(EVENTS, vec![mark(n, 400)]).await.unwrap();
    }
    backend.close().await;
    // Only the newest file is left: all that tells how far the lane was is the checkpoint at its start.
    let (name, bytes) = disk.files().into_iter().rfind(|(_, b)| scan(b).frames > 0).unwrap();
    let (last, _) = last_frame(&bytes);
    for at in (0..last).step_by(4) {
        let mut broken = bytes.clone();
        broken[at] ^= 1;
        let (_disk, backend, _) = opened(&BTreeMap::from([(name.clone(), broken)])).await;
        let log = channel(&backend, "a").await;
        log.append(EVENTS, vec![mark(9, 1)]).await.unwrap();
        assert!(log.end(EVENTS).await.unwrap() > 5, "{at}");
    }
}

#[tokio::test]
async fn a_state_with_a_hole_ends_before_it() {
    let disk = SimDisk::default();
    let backend = open_on(&disk, small());
    let log = channel(&backend, "a").await;
    for piece in ["piece-one", "piece-two", "piece-three"] {
        log.put_state(EVENTS, StateWrite::Change(Bytes::from(piece))).await.unwrap();
    }
    backend.close().await;
    let mut files = disk.files();
    let bytes = only(&mut files);
    let at = bytes.windows(9).position(|window| window == b"piece-two").unwrap();
    bytes[at] ^= 1;
    let disk = SimDisk::of(&files);
    for expected in [vec!["piece-one"], vec!["piece-one", "new-2"], vec!["piece-one", "new-2", "new-3"]] {
        let backend = open_on(&disk, small());
        let log = channel(&backend, "a").await;
        assert_eq!(log.load_state(EVENTS).await.unwrap(), expected);
        let next = format!("new-{}", expected.len() + 1);
        log.put_state(EVENTS, StateWrite::Change(Bytes::from(next))).await.unwrap();
    }
}

#[tokio::test]
async fn a_record_that_goes_bad_while_the_log_is_open_is_skipped() {
    let dir = tempfile::tempdir().unwrap();
    let backend = open(dir.path(), small());
    let log = channel(&backend, "a").await;
    log.append(EVENTS, (0..5).map(|n| mark(n, 10)).collect()).await.unwrap();
    // With the next batch the memory of the first is gone for sure.
    channel(&backend, "b").await.append(EVENTS, vec![mark(0, 1)]).await.unwrap();
    let path = dir.path().join("0000000001.log");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(10).position(|window| window == b"0000000002").unwrap();
    bytes[at] = b'9';
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().write_all_at(&bytes, 0).unwrap();
    let mut reader = log.read(EVENTS, 0);
    let batch = reader.next().await.unwrap();
    assert_eq!(batch.entries.iter().map(|(position, _)| *position).collect::<Vec<_>>(), [0, 1, 3, 4]);
    assert_eq!(batch.next, 5);
    assert_eq!(backend.damage().len(), 1);
    assert_eq!(channel(&backend, "a").await.get(EVENTS, &[2]).await.unwrap(), []);
}

proptest::proptest! {
    #[test]
    fn scanning_anything_ends_without_a_panic(mut bytes in proptest::collection::vec(0u8.., 0..3000), at in 0usize..3000) {
        let _ = scan(&bytes);
        let head = include_bytes!("fixture/version-1/0000000001.log");
        bytes.splice(0..0, head[..at.min(head.len())].iter().copied());
        let _ = scan(&bytes);
    }
}
