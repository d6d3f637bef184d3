//! A segment: one preallocated file of frames.

use crate::disk::DiskFile;
use crate::frame::Life;
use crc32c::crc32c;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The newest format version that this program reads and the one it writes.
pub(crate) const VERSION: u32 = 1;

const MAGIC: &[u8; 8] = b"sluicLOG";

/// The first sector of a segment file, with two copies of what it says. It is written once per life, before
/// the file gets its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) version: u32,
    pub(crate) sequence: u32,
    /// Random, the same in all files of a folder: nobody outside can make bytes that look like a frame.
    pub(crate) id: [u8; 16],
}

impl SegmentHeader {
    /// Where the frames begin.
    pub(crate) const BYTES: u32 = 512;
    const USED: usize = 36;
    const COPY: usize = 256;

    pub(crate) fn life(&self) -> Life {
        Life::new(&self.id, self.sequence)
    }

    pub(crate) fn encode(&self) -> [u8; Self::BYTES as usize] {
        let mut out = [0; Self::BYTES as usize];
        out[..8].copy_from_slice(MAGIC);
        out[8..12].copy_from_slice(&self.version.to_le_bytes());
        out[12..16].copy_from_slice(&self.sequence.to_le_bytes());
        out[16..32].copy_from_slice(&self.id);
        let crc = crc32c(&out[..32]);
        out[32..Self::USED].copy_from_slice(&crc.to_le_bytes());
        out.copy_within(..Self::USED, Self::COPY);
        out
    }

    /// Reads a header; `None` when both copies are damaged.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        Self::copy(bytes).or_else(|| Self::copy(bytes.get(Self::COPY..)?))
    }

    fn copy(bytes: &[u8]) -> Option<Self> {
        let head: &[u8; Self::USED] = bytes.first_chunk()?;
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        if &head[..8] != MAGIC || crc32c(&head[..32]) != word(32) {
            return None;
        }
        let mut id = [0; 16];
        id.copy_from_slice(&head[16..32]);
        Some(Self { version: word(8), sequence: word(12), id })
    }
}

/// A segment that holds or will hold frames.
pub(crate) struct Segment {
    pub(crate) life: Life,
    pub(crate) file: Arc<dyn DiskFile>,
    /// Bytes of the file.
    pub(crate) capacity: u32,
    /// It was a spare: for what frees space, as long as the disk is full.
    pub(crate) spare: bool,
    /// Bytes of frames that somebody may still ask for.
    live: AtomicU64,
    /// The mover has done what it can: what is left is not worth a second look.
    pub(crate) moved: AtomicBool,
}

impl Segment {
    pub(crate) fn new(life: Life, file: Arc<dyn DiskFile>, capacity: u32) -> Self {
        Self { life, file, capacity, spare: false, live: AtomicU64::new(0), moved: AtomicBool::new(false) }
    }

    pub(crate) fn name(&self) -> String {
        name(self.life.sequence)
    }

    pub(crate) fn live(&self) -> u64 {
        self.live.load(Ordering::Acquire)
    }

    pub(crate) fn gains(&self, bytes: u64) {
        self.live.fetch_add(bytes, Ordering::AcqRel);
    }

    pub(crate) fn loses(&self, bytes: u64) {
        self.live.fetch_sub(bytes, Ordering::AcqRel);
    }
}

/// The name of a segment file that is in use.
pub(crate) fn name(sequence: u32) -> String {
    format!("{sequence:010}.log")
}

/// The name of a file that waits for its next life; it keeps the number of its last one.
pub(crate) fn free_name(sequence: u32) -> String {
    format!("{sequence:010}.free")
}

/// The name of a file that is no segment any more for us, but perhaps for somebody who can repair it.
pub(crate) fn bad_name(sequence: u32) -> String {
    format!("{sequence:010}.bad")
}

/// The name of a file that is being made.
pub(crate) fn new_name(sequence: u32) -> String {
    format!("{sequence:010}.new")
}
