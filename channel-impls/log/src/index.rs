//! Where the records of one lane lie: runs of positions in segments, found by blocks of records.
//!
//! A block is up to 64 records or 32 KiB of a segment, 12 bytes of memory. A backlog of two million records of
//! one lane takes less than a megabyte; spread evenly over a thousand lanes, where a block is one record, 24.

use crate::extent::{Extent, Place, Span, add};
use crate::segment::Segment;
use std::collections::VecDeque;
use std::sync::Arc;

/// Separate places that one plan reads at most.
const MAX_SPANS: usize = 64;

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
