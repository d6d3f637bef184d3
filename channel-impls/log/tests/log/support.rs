//! What all tests need.

use crate::simdisk::SimDisk;
use broker_core::{Backend, ChannelId, ChannelOptions, Entry, GroupChange, GroupName, Lane, Log, Position};
use channel_log::{LogBackend, LogOptions};
use event::{Envelope, Event, Record, Timestamp};
use prometheus_client::registry::Registry;
use std::path::Path;
use std::sync::Arc;

pub(crate) const EVENTS: Lane = Lane(0);

/// Segments small enough to be filled by a handful of records.
pub(crate) fn small() -> LogOptions {
    LogOptions { segment_bytes: 8 << 10, tail_bytes: 0, ..LogOptions::default() }
}

pub(crate) fn open(dir: &Path, options: LogOptions) -> Arc<LogBackend> {
    LogBackend::open(dir, options, &mut Registry::default()).unwrap()
}

pub(crate) fn open_on(disk: &SimDisk, options: LogOptions) -> Arc<LogBackend> {
    LogBackend::open_on(Arc::new(disk.clone()), options, &mut Registry::default()).unwrap()
}

pub(crate) async fn channel(backend: &LogBackend, name: &str) -> Arc<dyn Log> {
    backend.open(&ChannelId::from(name), &ChannelOptions::default()).await.unwrap()
}

/// A record that says its number and is about `bytes` large.
pub(crate) fn mark(number: u64, bytes: usize) -> Entry {
    let group = GroupName::from(format!("{number:0bytes$}").as_str());
    Entry::Group(Arc::new(GroupChange::Remove { group, incarnation: String::new() }))
}

pub(crate) fn number(entry: &Entry) -> u64 {
    match entry {
        Entry::Group(change) => match change.as_ref() {
            GroupChange::Remove { group, .. } => group.as_str().parse().unwrap(),
            other @ GroupChange::Ensure { .. } => panic!("{other:?}"),
        },
        Entry::Event(record) => record.event.id().parse().unwrap(),
        Entry::Done(_) | Entry::DeadLetter(_) => panic!("no such entries here"),
    }
}

pub(crate) fn event(number: u64, bytes: usize) -> Entry {
    let builder = Event::builder().set("specversion", "1.0").set("id", &number.to_string());
    let builder = builder.set("source", "/tests").set("type", "test");
    let event = builder.data(event::Data::Bytes(vec![b'x'; bytes].into())).build().unwrap();
    Entry::Event(Arc::new(Record { envelope: Envelope::accepted(255, Timestamp(1)), event }))
}

/// Everything in the lane, through `get`.
pub(crate) async fn held(log: &dyn Log, lane: Lane) -> Vec<(Position, u64)> {
    let (first, end) = (log.first(lane).await.unwrap(), log.end(lane).await.unwrap());
    let positions: Vec<Position> = (first..end).collect();
    let found = log.get(lane, &positions).await.unwrap();
    found.iter().map(|(position, entry)| (*position, number(entry))).collect()
}

/// The next `count` records from a position on, through a reader.
pub(crate) async fn read(log: &dyn Log, lane: Lane, from: Position, count: usize) -> Vec<(Position, u64)> {
    let mut reader = log.read(lane, from);
    let mut found = Vec::new();
    while found.len() < count {
        let batch = reader.next().await.unwrap();
        found.extend(batch.entries.iter().map(|(position, entry)| (*position, number(entry))));
    }
    found
}

pub(crate) fn numbers(range: std::ops::Range<u64>) -> Vec<(Position, u64)> {
    range.map(|n| (n, n)).collect()
}

/// Waits until `condition` holds.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    for _ in 0..5000 {
        if condition() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    panic!("never came: {what}");
}

/// Bytes of all files in a folder.
pub(crate) fn folder_bytes(dir: &Path) -> u64 {
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().metadata().map_or(0, |m| m.len()));
    files.sum()
}
