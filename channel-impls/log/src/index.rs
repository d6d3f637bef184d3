//! Where the records of one lane lie: runs of positions in segments, found by blocks of records.
//!
//! A block is up to 64 records or 32 KiB of a segment, 12 bytes of memory. A backlog of two million records of
//! one lane takes less than a megabyte; spread evenly over a thousand lanes, where a block is one record, 24.

use crate::segment::Segment;
use std::collections::VecDeque;
use std::sync::Arc;

const BLOCK_RECORDS: u32 = 64;
const BLOCK_BYTES: u32 = 32 << 10;
/// Blocks that are closer together than this are read at once.
const NEAR: u32 = 8 << 10;
/// Separate places that one plan reads at most.
const MAX_SPANS: usize = 64;

/// One record's place in a segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) position: u64,
    pub(crate) stamp: u64,
    pub(crate) offset: u32,
    pub(crate) len: u32,
}

#[derive(Clone, Copy)]
struct Block {
    /// First record, counted from the extent's base.
    first: u32,
    offset: u32,
    len: u32,
}

/// Consecutive positions in one segment.
struct Extent {
    segment: Arc<Segment>,
    base: u64,
    /// First and one past the last record that are still wanted, counted from `base`.
    from: u32,
    to: u32,
    bytes: u64,
    last_stamp: u64,
    blocks: Vec<Block>,
}

/// Bytes of a segment to read.
#[derive(Clone)]
pub(crate) struct Span {
    pub(crate) segment: Arc<Segment>,
    pub(crate) offset: u32,
    pub(crate) len: u32,
}

/// What to read for the records in `from..next`.
pub(crate) struct Plan {
    pub(crate) spans: Vec<Span>,
    pub(crate) from: u64,
    pub(crate) next: u64,
}

/// The extents of one lane, ascending.
#[derive(Default)]
pub(crate) struct Index {
    extents: VecDeque<Extent>,
}

// === impl Extent ===

impl Extent {
    fn new(segment: &Arc<Segment>, place: &Place) -> Self {
        let block = Block { first: 0, offset: place.offset, len: place.len };
        segment.gains(u64::from(place.len));
        Self {
            segment: segment.clone(),
            base: place.position,
            from: 0,
            to: 1,
            bytes: u64::from(place.len),
            last_stamp: place.stamp,
            blocks: vec![block],
        }
    }

    fn first(&self) -> u64 {
        self.base + u64::from(self.from)
    }

    fn end(&self) -> u64 {
        self.base + u64::from(self.to)
    }

    /// Adds the record if it is the next one of this run.
    fn extend(&mut self, segment: &Arc<Segment>, place: &Place) -> bool {
        let behind = self.blocks.last().is_some_and(|b| b.offset + b.len <= place.offset);
        if self.end() != place.position || !Arc::ptr_eq(&self.segment, segment) || !behind {
            return false;
        }
        match self.blocks.last_mut() {
            Some(b)
                if self.to - b.first < BLOCK_RECORDS
                    && place.offset + place.len - b.offset <= BLOCK_BYTES =>
            {
                b.len = place.offset + place.len - b.offset;
            }
            _ => self.blocks.push(Block { first: self.to, offset: place.offset, len: place.len }),
        }
        self.to += 1;
        self.bytes += u64::from(place.len);
        self.last_stamp = place.stamp;
        segment.gains(u64::from(place.len));
        true
    }

    /// Gives up the records below; the extent must reach beyond. Returns the bytes.
    fn cut(&mut self, below: u64) -> u64 {
        let gone = u32::try_from(below.saturating_sub(self.first())).unwrap_or(u32::MAX);
        // Bytes of single records are not known: an even share, and exact when the last one goes.
        let bytes = self.bytes * u64::from(gone) / u64::from(self.to - self.from);
        self.from += gone;
        self.bytes -= bytes;
        self.segment.loses(bytes);
        let keep = self.block_of(self.from);
        self.blocks.drain(..keep);
        bytes
    }

    fn block_of(&self, record: u32) -> usize {
        self.blocks.partition_point(|b| b.first <= record).saturating_sub(1)
    }

    fn block_end(&self, block: usize) -> u64 {
        self.base + u64::from(self.blocks.get(block + 1).map_or(self.to, |b| b.first))
    }

    fn span(&self, block: Block) -> Span {
        Span { segment: self.segment.clone(), offset: block.offset, len: block.len }
    }
}

// === impl Span ===

impl Span {
    /// Reads `other` together with this one if it lies close behind, or is this one.
    fn join(&mut self, other: &Self) -> bool {
        let end = self.offset + self.len;
        let near = Arc::ptr_eq(&self.segment, &other.segment)
            && other.offset >= self.offset
            && other.offset <= end.saturating_add(NEAR);
        if near {
            self.len = end.max(other.offset + other.len) - self.offset;
        }
        near
    }
}

fn add(spans: &mut Vec<Span>, span: Span) {
    if !spans.last_mut().is_some_and(|last| last.join(&span)) {
        spans.push(span);
    }
}

// === impl Index ===

impl Index {
    /// Adds a record above all others.
    pub(crate) fn push(&mut self, segment: &Arc<Segment>, place: &Place) {
        if let Some(last) = self.extents.back_mut() {
            if last.extend(segment, place) {
                return;
            }
            last.blocks.shrink_to_fit();
        }
        self.extents.push_back(Extent::new(segment, place));
    }

    /// One past the last record; 0 when there never was one.
    pub(crate) fn end(&self) -> u64 {
        self.extents.back().map_or(0, Extent::end)
    }

    /// The first record.
    pub(crate) fn first(&self) -> Option<u64> {
        self.extents.front().map(Extent::first)
    }

    /// Bytes of all records.
    pub(crate) fn bytes(&self) -> u64 {
        self.extents.iter().map(|e| e.bytes).sum()
    }

    /// Adds what another index has above the end of this one.
    pub(crate) fn absorb(&mut self, other: Self) {
        for mut extent in other.extents {
            let end = self.end();
            if extent.end() <= end {
                extent.segment.loses(extent.bytes);
                continue;
            }
            extent.cut(end);
            self.extents.push_back(extent);
        }
    }

    /// Adds a record that may lie below others, unless it is there.
    pub(crate) fn insert(&mut self, segment: &Arc<Segment>, place: &Place) {
        let at = self.extents.partition_point(|e| e.end() <= place.position);
        if self.extents.get(at).is_some_and(|e| e.first() <= place.position) {
            return;
        }
        let before = at.checked_sub(1).and_then(|before| self.extents.get_mut(before));
        if !before.is_some_and(|extent| extent.extend(segment, place)) {
            self.extents.insert(at, Extent::new(segment, place));
        }
    }

    /// Gives up the records below. Returns their bytes, and whether a segment lost the last of this lane.
    pub(crate) fn truncate(&mut self, below: u64) -> (u64, bool) {
        let (mut freed, mut left) = (0, false);
        while let Some(front) = self.extents.front_mut() {
            if front.end() > below {
                freed += front.cut(below);
                break;
            }
            freed += front.bytes;
            front.segment.loses(front.bytes);
            self.extents.pop_front();
            left = true;
        }
        (freed, left)
    }

    /// Gives up everything.
    pub(crate) fn clear(&mut self) {
        self.truncate(u64::MAX);
    }

    /// Gives up what lies in segments before `sequence`.
    pub(crate) fn retain_from(&mut self, sequence: u32) {
        self.extents.retain(|extent| {
            let keep = extent.segment.life.sequence >= sequence;
            if !keep {
                extent.segment.loses(extent.bytes);
            }
            keep
        });
    }

    /// What to read to go on at `from`: about `bytes`, at least one block. `None` when nothing is there.
    pub(crate) fn plan(&self, from: u64, bytes: u32) -> Option<Plan> {
        let mut plan = Plan { spans: Vec::new(), from, next: from };
        let mut planned = 0;
        let start = self.extents.partition_point(|e| e.end() <= from);
        for extent in self.extents.range(start..) {
            let record = u32::try_from(from.saturating_sub(extent.base)).unwrap_or(u32::MAX);
            for block in extent.block_of(record)..extent.blocks.len() {
                if planned >= bytes || plan.spans.len() >= MAX_SPANS {
                    return Some(plan);
                }
                planned += extent.blocks[block].len;
                plan.next = extent.block_end(block);
                add(&mut plan.spans, extent.span(extent.blocks[block]));
            }
        }
        (!plan.spans.is_empty()).then_some(plan)
    }

    /// Where the records at these ascending positions lie, as far as they are there.
    pub(crate) fn locate(&self, positions: impl Iterator<Item = u64>) -> Vec<Span> {
        let mut spans = Vec::new();
        for position in positions {
            let at = self.extents.partition_point(|e| e.end() <= position);
            let Some(extent) = self.extents.get(at).filter(|e| e.first() <= position) else { continue };
            let record = u32::try_from(position - extent.base).unwrap_or(u32::MAX);
            add(&mut spans, extent.span(extent.blocks[extent.block_of(record)]));
        }
        spans
    }

    /// The blocks among which the first record of `time` or later is: first position and place of each.
    pub(crate) fn around(&self, time: u64) -> Vec<(u64, Span)> {
        let at = self.extents.partition_point(|e| e.last_stamp < time);
        let Some(extent) = self.extents.get(at) else { return Vec::new() };
        extent.blocks.iter().map(|b| (extent.base + u64::from(b.first), extent.span(*b))).collect()
    }

    /// What of `segment` can be moved at once, about `bytes` of it.
    pub(crate) fn movable(&self, segment: &Arc<Segment>, bytes: u32) -> Option<Plan> {
        let extent = self.extents.iter().find(|e| Arc::ptr_eq(&e.segment, segment))?;
        let mut plan = Plan { spans: Vec::new(), from: extent.first(), next: extent.first() };
        let mut planned = 0;
        for (i, block) in extent.blocks.iter().enumerate() {
            if planned >= bytes {
                break;
            }
            planned += block.len;
            plan.next = extent.block_end(i);
            add(&mut plan.spans, extent.span(*block));
        }
        Some(plan)
    }

    /// The records of `old` below `upto`, which [`Index::movable`] named, lie at `moved` now.
    pub(crate) fn replace(&mut self, old: &Arc<Segment>, upto: u64, moved: &[(Arc<Segment>, Place)]) {
        let place = self.extents.iter().position(|e| Arc::ptr_eq(&e.segment, old) && e.first() < upto);
        // Truncated in the meantime: what was moved is dead on arrival.
        let Some(at) = place else { return };
        let extent = &mut self.extents[at];
        let first = extent.first();
        if extent.end() <= upto {
            extent.segment.loses(extent.bytes);
            self.extents.remove(at);
        } else {
            extent.cut(upto);
        }
        let mut fresh = Self::default();
        for (segment, place) in moved.iter().filter(|(_, place)| place.position >= first) {
            fresh.push(segment, place);
        }
        for (i, extent) in fresh.extents.into_iter().enumerate() {
            self.extents.insert(at + i, extent);
        }
    }
}
