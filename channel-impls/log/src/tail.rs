//! The newest records of a lane, for readers at the end: no disk, no decoding.

use crate::lane::Lane;
use broker_core::Entry;
use std::collections::VecDeque;
use std::sync::Arc;

/// One append as it came.
struct Chunk {
    first: u64,
    entries: Vec<Entry>,
}

impl Chunk {
    fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }
}

/// Recent appends, ascending. The writer bounds the tails of all lanes together.
#[derive(Default)]
pub(crate) struct Tail {
    chunks: VecDeque<Chunk>,
}

impl Tail {
    pub(crate) fn push(&mut self, first: u64, entries: Vec<Entry>) {
        self.chunks.push_back(Chunk { first, entries });
    }

    /// Forgets what is below.
    pub(crate) fn drop_below(&mut self, below: u64) {
        while self.chunks.front().is_some_and(|chunk| chunk.end() <= below) {
            self.chunks.pop_front();
        }
    }

    fn chunk_of(&self, position: u64) -> usize {
        self.chunks.partition_point(|chunk| chunk.end() <= position)
    }

    /// The records from `from` on, at most `limit`; empty when `from` is not in the tail.
    pub(crate) fn copy(&self, from: u64, limit: usize) -> Vec<(u64, Entry)> {
        let start = self.chunk_of(from);
        if self.chunks.get(start).is_none_or(|chunk| chunk.first > from) {
            return Vec::new();
        }
        let records = self.chunks.range(start..).flat_map(|c| (c.first..).zip(&c.entries));
        records.filter(|(p, _)| *p >= from).take(limit).map(|(p, e)| (p, e.clone())).collect()
    }

    pub(crate) fn at(&self, position: u64) -> Option<Entry> {
        let chunk = self.chunks.get(self.chunk_of(position))?;
        let at = usize::try_from(position.checked_sub(chunk.first)?).ok()?;
        chunk.entries.get(at).cloned()
    }
}

/// Bounds the tails of all lanes together: the oldest appends leave first.
pub(crate) struct Tails {
    limit: usize,
    bytes: usize,
    appends: VecDeque<(Arc<Lane>, u64, usize)>,
}

impl Tails {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, bytes: 0, appends: VecDeque::new() }
    }

    /// An append of so many bytes ends at `end`.
    pub(crate) fn note(&mut self, lane: &Arc<Lane>, end: u64, bytes: usize) {
        self.bytes += bytes;
        self.appends.push_back((lane.clone(), end, bytes));
    }

    /// Drops what is too much.
    pub(crate) fn trim(&mut self) {
        while self.bytes > self.limit {
            let Some((lane, end, bytes)) = self.appends.pop_front() else { return };
            lane.contents().tail.drop_below(end);
            self.bytes -= bytes;
        }
    }
}
