//! One lane: records in order, and the state that its owner keeps.

use broker_core::{Batch, DeadLetterChange, Entry, Position, StateWrite};
use bytes::Bytes;
use event::{Record, Timestamp};
use std::collections::VecDeque;

/// Records that a reader gets at a time.
const BATCH: usize = 256;
/// Bytes that a record costs beside its text and payload.
const OVERHEAD: usize = size_of::<Stored>() + size_of::<Record>();

/// What one lane holds. Plain data: lock and waking are around it.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    records: VecDeque<Stored>,
    /// Nothing below is kept.
    first: Position,
    /// Where the next record goes.
    end: Position,
    /// Bytes of all records.
    bytes: u64,
    /// Time of the last append; log time never goes back.
    latest: Timestamp,
    state: Vec<Bytes>,
    /// The process whose state writes count; `None`: nobody's.
    pub(crate) owner: Option<u64>,
}

#[derive(Debug)]
struct Stored {
    position: Position,
    at: Timestamp,
    size: u64,
    entry: Entry,
}

impl Lane {
    pub(crate) fn append(&mut self, entries: Vec<Entry>, now: Timestamp) {
        self.latest = self.latest.max(now);
        for entry in entries {
            let size = size(&entry);
            self.bytes += size;
            self.records.push_back(Stored { position: self.end, at: self.latest, size, entry });
            self.end += 1;
        }
    }

    /// What a reader at `from` gets; `None` when it has to wait.
    pub(crate) fn batch(&self, from: Position) -> Option<Batch> {
        let records = self.records.range(self.index_of(from)..).take(BATCH);
        let entries: Vec<_> = records.map(|s| (s.position, s.entry.clone())).collect();
        let next = entries.last()?.0 + 1;
        Some(Batch { entries, next })
    }

    pub(crate) fn get(&self, position: Position) -> Option<Entry> {
        let stored = self.records.get(self.index_of(position))?;
        (stored.position == position).then(|| stored.entry.clone())
    }

    pub(crate) fn truncate(&mut self, below: Position) {
        self.first = self.first.max(below.min(self.end));
        let keep = self.index_of(self.first);
        self.bytes -= self.records.drain(..keep).map(|s| s.size).sum::<u64>();
    }

    pub(crate) fn position_at(&self, time: Timestamp) -> Position {
        let index = self.records.partition_point(|s| s.at < time);
        self.records.get(index).map_or(self.end, |s| s.position)
    }

    pub(crate) fn put_state(&mut self, write: StateWrite) {
        match write {
            StateWrite::Change(piece) => self.state.push(piece),
            StateWrite::Snapshot(pieces) => self.state = pieces,
        }
    }

    pub(crate) fn state(&self) -> &[Bytes] {
        &self.state
    }

    pub(crate) fn first(&self) -> Position {
        self.first
    }

    pub(crate) fn end(&self) -> Position {
        self.end
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Leaves positions out.
    pub(crate) fn skip(&mut self, positions: u64) {
        self.end += positions;
    }

    /// Makes a record unreadable.
    pub(crate) fn damage(&mut self, position: Position) {
        let index = self.index_of(position);
        if self.records.get(index).is_some_and(|s| s.position == position) {
            self.bytes -= self.records.remove(index).map_or(0, |s| s.size);
        }
    }

    fn index_of(&self, position: Position) -> usize {
        self.records.partition_point(|s| s.position < position)
    }
}

/// Bytes that an entry costs.
pub(crate) fn size(entry: &Entry) -> u64 {
    let text = match entry {
        Entry::Event(record) => record.event.size(),
        Entry::DeadLetter(change) => match change.as_ref() {
            DeadLetterChange::Put(letter) => {
                letter.record.event.size() + letter.reason.len() + letter.last_body.len()
            }
            DeadLetterChange::Gone { id } => id.len(),
        },
        Entry::Group(_) | Entry::Done(_) => {
            let mut bytes = Vec::new();
            entry.encode(&mut bytes);
            bytes.len()
        }
    };
    (OVERHEAD + text) as u64
}
