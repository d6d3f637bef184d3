//! One lane: what is in it and who waits for it.

use crate::extent::{Place, Span};
use crate::hold;
use crate::index::{Index, Plan};
use crate::segment::Segment;
use crate::state::{Piece, State};
use crate::tail::Tail;
use broker_core::{Batch, Entry, Lane as LaneNumber};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::Notify;

/// Records that a reader gets at once from the tail.
const BATCH_RECORDS: usize = 256;
/// Bytes that a reader gets at once from the disk.
const BATCH_BYTES: u32 = 256 << 10;

/// A lane of a channel. Its contents change only after they are durable.
pub(crate) struct Lane {
    /// The channel's number in frames.
    pub(crate) channel: u64,
    pub(crate) number: LaneNumber,
    /// Position of the next record; only the writer moves it.
    pub(crate) next: AtomicU64,
    /// Number of the next piece of state; only the writer moves it.
    pub(crate) next_piece: AtomicU64,
    /// Number of the last piece of state on its way; only the writer moves it.
    pub(crate) last_piece: AtomicU64,
    /// Bytes of the records held.
    pub(crate) used: AtomicU64,
    /// A truncation waits to be written down.
    pub(crate) unmarked: AtomicBool,
    /// The channel is removed; the writer takes no more.
    pub(crate) gone: AtomicBool,
    contents: Mutex<Contents>,
    news: Notify,
}

/// What a lane holds.
pub(crate) struct Contents {
    /// Nothing below is wanted.
    pub(crate) first: u64,
    /// One past the last durable record.
    pub(crate) end: u64,
    pub(crate) index: Index,
    pub(crate) tail: Tail,
    pub(crate) state: State,
    /// The channel is gone, or the log is closed.
    pub(crate) closed: bool,
}

/// Records with their positions.
type Records = Vec<(u64, Entry)>;

/// What a reader does next.
pub(crate) enum Step {
    /// These come from memory.
    Ready(Batch),
    /// These must be read.
    Read(Plan),
    /// There is nothing yet.
    Wait,
    /// There never will be.
    Closed,
}

impl Lane {
    /// A lane with these contents, whose next record gets position `next`.
    pub(crate) fn new(
        channel: u64,
        number: LaneNumber,
        contents: Contents,
        next: u64,
        next_piece: u64,
    ) -> Self {
        Self {
            channel,
            number,
            next: AtomicU64::new(next),
            next_piece: AtomicU64::new(next_piece),
            last_piece: AtomicU64::new(contents.state.last()),
            used: AtomicU64::new(contents.index.bytes()),
            unmarked: AtomicBool::new(false),
            gone: AtomicBool::new(false),
            contents: Mutex::new(contents),
            news: Notify::new(),
        }
    }

    pub(crate) fn contents(&self) -> MutexGuard<'_, Contents> {
        hold(&self.contents)
    }

    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Acquire)
    }

    /// Gives up everything below. `None`: nothing changed; true: a segment may have become empty.
    pub(crate) fn truncate(&self, below: u64) -> Option<bool> {
        let mut contents = self.contents();
        let below = below.min(contents.end);
        if below <= contents.first {
            return None;
        }
        contents.first = below;
        contents.tail.drop_below(below);
        let (freed, left) = contents.index.truncate(below);
        self.used.fetch_sub(freed, Ordering::AcqRel);
        Some(left)
    }

    /// Ends the lane: readers and waiters get an error. With `forget` its records are given up.
    pub(crate) fn close(&self, forget: bool) {
        let mut contents = self.contents();
        contents.closed = true;
        contents.tail = Tail::default();
        if forget {
            contents.index.clear();
            contents.state.clear();
            self.used.store(0, Ordering::Release);
        }
        drop(contents);
        self.news.notify_waiters();
    }

    /// New records are durable: `entries` in order, each at its place. Places may be fewer when the disk got full.
    pub(crate) fn publish(&self, places: &[(Arc<Segment>, Place)], mut entries: Vec<Entry>) {
        let Some(first) = places.first().map(|(_, place)| place.position) else { return };
        let mut contents = self.contents();
        if contents.closed {
            return;
        }
        let mut bytes = 0;
        for (segment, place) in places {
            contents.index.push(segment, place);
            contents.end = place.position + 1;
            bytes += u64::from(place.len);
        }
        self.used.fetch_add(bytes, Ordering::AcqRel);
        entries.truncate(places.len());
        contents.tail.push(first, entries);
    }

    /// Wakes who reads at the end.
    pub(crate) fn tell(&self) {
        self.news.notify_waiters();
    }

    /// What a reader at `from` does next.
    pub(crate) fn step(&self, from: u64) -> Step {
        let contents = self.contents();
        if contents.closed {
            return Step::Closed;
        }
        let from = from.max(contents.first);
        if from >= contents.end {
            return Step::Wait;
        }
        let entries = contents.tail.copy(from, BATCH_RECORDS);
        if let Some(next) = entries.last().map(|(position, _)| position + 1) {
            return Step::Ready(Batch { entries, next });
        }
        contents.index.plan(from, BATCH_BYTES).map_or(Step::Wait, Step::Read)
    }

    /// Returns when something may have changed since this future was made and first polled.
    pub(crate) fn news(&self) -> tokio::sync::futures::Notified<'_> {
        self.news.notified()
    }

    /// The records that are in memory, and where the others lie.
    pub(crate) fn find(&self, positions: &[u64]) -> Option<(Records, Vec<Span>)> {
        let contents = self.contents();
        let mut near = Vec::new();
        let far = positions.iter().copied().filter(|p| *p >= contents.first);
        let far = far.filter(|p| match contents.tail.at(*p) {
            Some(entry) => {
                near.push((*p, entry));
                false
            }
            None => true,
        });
        let spans = contents.index.locate(far);
        (!contents.closed).then_some((near, spans))
    }

    /// What of `segment` the lane still needs and can be moved at once.
    pub(crate) fn movable(&self, segment: &Arc<Segment>, bytes: u32) -> (Option<Plan>, Vec<Piece>) {
        let contents = self.contents();
        (contents.index.movable(segment, bytes), contents.state.movable(segment, bytes))
    }
}
