//! A run of records in a segment, found by blocks of records.

use crate::segment::Segment;
use std::sync::Arc;

const BLOCK_RECORDS: u32 = 64;
const BLOCK_BYTES: u32 = 32 << 10;
/// Blocks that are closer together than this are read at once.
const NEAR: u32 = 8 << 10;

/// One record's place in a segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) position: u64,
    pub(crate) stamp: u64,
    pub(crate) offset: u32,
    pub(crate) len: u32,
}

#[derive(Clone, Copy)]
pub(crate) struct Block {
    /// First record, counted from the extent's base.
    pub(crate) first: u32,
    offset: u32,
    pub(crate) len: u32,
}

/// Consecutive positions in one segment.
pub(crate) struct Extent {
    pub(crate) segment: Arc<Segment>,
    pub(crate) base: u64,
    /// First and one past the last record that are still wanted, counted from `base`.
    from: u32,
    to: u32,
    pub(crate) bytes: u64,
    pub(crate) last_stamp: u64,
    pub(crate) blocks: Vec<Block>,
}

/// Bytes of a segment to read.
#[derive(Clone)]
pub(crate) struct Span {
    pub(crate) segment: Arc<Segment>,
    pub(crate) offset: u32,
    pub(crate) len: u32,
}

// === impl Extent ===

impl Extent {
    pub(crate) fn new(segment: &Arc<Segment>, place: &Place) -> Self {
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

    pub(crate) fn first(&self) -> u64 {
        self.base + u64::from(self.from)
    }

    pub(crate) fn end(&self) -> u64 {
        self.base + u64::from(self.to)
    }

    /// Adds the record if it is the next one of this run.
    pub(crate) fn extend(&mut self, segment: &Arc<Segment>, place: &Place) -> bool {
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
    pub(crate) fn cut(&mut self, below: u64) -> u64 {
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

    pub(crate) fn block_of(&self, record: u32) -> usize {
        self.blocks.partition_point(|b| b.first <= record).saturating_sub(1)
    }

    pub(crate) fn block_end(&self, block: usize) -> u64 {
        self.base + u64::from(self.blocks.get(block + 1).map_or(self.to, |b| b.first))
    }

    pub(crate) fn span(&self, block: Block) -> Span {
        Span { segment: self.segment.clone(), offset: block.offset, len: block.len }
    }
}

// === impl Span ===

impl Span {
    /// Reads `other` together with this one if it lies close behind, or is this one.
    pub(crate) fn join(&mut self, other: &Self) -> bool {
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

pub(crate) fn add(spans: &mut Vec<Span>, span: Span) {
    if !spans.last_mut().is_some_and(|last| last.join(&span)) {
        spans.push(span);
    }
}
