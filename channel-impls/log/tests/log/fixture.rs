//! Folders that released versions wrote. They open for ever; to add one, run `writes_a_fixture` with
//! `SLUICE_WRITE_FIXTURE` set to an empty folder.

use crate::support::{EVENTS, channel, event, held, numbers, open, small};
use broker_core::{Backend, ChannelId, Lane, StateWrite};
use bytes::Bytes;
use channel_log::LogOptions;
use std::path::Path;

const NAMES: [&str; 2] = ["broker/default/shop", "channels/default/orders"];

async fn write(dir: &Path) {
    let backend = open(dir, LogOptions { segment_bytes: 4 << 10, ..small() });
    for name in NAMES {
        let log = channel(&backend, name).await;
        for n in 0..8 {
            log.append(EVENTS, vec![event(n, 40)]).await.unwrap();
        }
        log.append(Lane::DEAD_LETTERS, vec![event(0, 10)]).await.unwrap();
        log.truncate(EVENTS, 3).await.unwrap();
        log.put_state(EVENTS, StateWrite::Change(Bytes::from("old"))).await.unwrap();
        let pieces = vec![Bytes::from("one"), Bytes::from("two")];
        log.put_state(EVENTS, StateWrite::Snapshot(pieces)).await.unwrap();
        log.put_state(EVENTS, StateWrite::Change(Bytes::from("three"))).await.unwrap();
    }
    channel(&backend, "gone").await;
    backend.remove(&ChannelId::from("gone")).await.unwrap();
}

async fn check(dir: &Path) {
    let backend = open(dir, small());
    let mut names = backend.channels().await.unwrap();
    names.sort();
    assert_eq!(names, NAMES.map(ChannelId::from));
    assert!(backend.damage().is_empty());
    for name in NAMES {
        let log = channel(&backend, name).await;
        assert_eq!(held(log.as_ref(), EVENTS).await, numbers(3..8));
        assert_eq!(log.get(EVENTS, &[4]).await.unwrap()[0].1, event(4, 40));
        assert_eq!(held(log.as_ref(), Lane::DEAD_LETTERS).await, numbers(0..1));
        assert_eq!(log.load_state(EVENTS).await.unwrap(), ["one", "two", "three"]);
    }
}

#[tokio::test]
async fn version_1_opens() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/log/fixture/version-1");
    let dir = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(fixture).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, dir.path().join(path.file_name().unwrap())).unwrap();
    }
    check(dir.path()).await;
}

#[tokio::test]
async fn writes_a_fixture() {
    let temporary = tempfile::tempdir().unwrap();
    let chosen = std::env::var_os("SLUICE_WRITE_FIXTURE");
    let dir = chosen.as_deref().map_or(temporary.path(), Path::new);
    write(dir).await;
    if chosen.is_none() {
        check(dir).await;
    }
}
