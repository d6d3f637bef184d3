//! Events, groups and letters to test with.

use crate::{DeadLetter, Delivery, Entry, GroupName, GroupSpec, Order, Position, StartAt};
use bytes::Bytes;
use event::{Data, Envelope, Event, EventBuilder, Record, Timestamp};
use filter::Filter;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

pub(super) fn builder(id: u64) -> EventBuilder {
    Event::builder().set("id", &id.to_string()).set("source", "/conformance").set("type", "plain")
}

pub(super) fn record(builder: EventBuilder) -> Record {
    Record { envelope: Envelope::accepted(255, Timestamp::now()), event: builder.build().unwrap() }
}

pub(super) fn plain(id: u64) -> Record {
    record(builder(id))
}

pub(super) fn typed(id: u64, ty: &str) -> Record {
    record(builder(id).set("type", ty))
}

pub(super) fn keyed(id: u64, key: &str) -> Record {
    record(builder(id).set("partitionkey", key))
}

pub(super) fn sized(id: u64, bytes: usize) -> Record {
    // No run of equal bytes, so that nothing can be left out unnoticed.
    let payload: Vec<u8> = (0..bytes).map(|i| (i * 31 + i / 251) as u8).collect();
    record(builder(id).data(Data::Bytes(Bytes::from(payload))))
}

pub(super) fn entry(record: Record) -> Entry {
    Entry::Event(Arc::new(record))
}

pub(super) fn entries(ids: impl IntoIterator<Item = u64>) -> Vec<Entry> {
    ids.into_iter().map(|id| entry(plain(id))).collect()
}

/// The event ids of what was read.
pub(super) fn ids(entries: &[(Position, Entry)]) -> Vec<u64> {
    entries.iter().map(|(_, entry)| id_of(entry)).collect()
}

pub(super) fn id_of(entry: &Entry) -> u64 {
    match entry {
        Entry::Event(record) => record.event.id().parse().unwrap(),
        Entry::Done(_) | Entry::Group(_) | Entry::DeadLetter(_) => panic!("not an event: {entry:?}"),
    }
}

pub(super) fn id(delivery: &Delivery) -> u64 {
    delivery.record.event.id().parse().unwrap()
}

/// A group that takes everything from now on. Each of several lanes has room for what a test holds.
pub(super) fn spec() -> GroupSpec {
    GroupSpec {
        incarnation: "1".to_owned(),
        filter: Filter::everything(),
        start: StartAt::Now,
        order: Order::None,
        window: NonZeroUsize::new(64).unwrap(),
        max_waiting: 100_000,
        paused: false,
        longest_wait: Duration::from_secs(300),
    }
}

pub(super) fn window(n: usize) -> GroupSpec {
    GroupSpec { window: NonZeroUsize::new(n).unwrap(), ..spec() }
}

pub(super) fn only(ty: &str) -> GroupSpec {
    GroupSpec { filter: Filter::Prefix("type".to_owned(), ty.to_owned()), ..spec() }
}

/// The same for the same arguments, whenever it is made.
pub(super) fn letter(id: &str, group: &str, event: u64) -> DeadLetter {
    let mut record = plain(event);
    record.envelope.accepted_at = Timestamp(500);
    DeadLetter {
        id: id.to_owned(),
        group: GroupName::from(group),
        record: Arc::new(record),
        reason: "the sink answered 400".to_owned(),
        attempts: 3,
        last_status: Some(400),
        last_body: Bytes::from_static(b"no"),
        first_time: Timestamp(1000),
        last_time: Timestamp(2000),
    }
}
