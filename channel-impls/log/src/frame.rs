//! One frame: what a record looks like on disk.
//!
//! ```text
//!   0 crc32c of bytes 4..48, seeded by the segment    16 channel (u64, hash of its name)
//!   4 bytes of the payload                            24 lane    28 kind  29 moved  30 zero
//!   8 crc32c of the payload                           32 position
//!  12 sequence number of the segment                  40 stamp
//!  48 payload, padded with zeros to a multiple of 8
//! ```
//! All numbers little-endian. The header has its own checksum: a damaged payload does not hide what follows.
//! Seed and sequence number belong to the segment's present life: what a recycled file held before never fits.

use crc32c::{crc32c, crc32c_append};

/// Bytes of a frame's header.
pub(crate) const HEADER: usize = 48;

/// What a frame holds. `position` and `stamp` mean what stands here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A lane's record; its position, and when it was appended (ms).
    Entry = 1,
    /// A change of a lane's state; its sequence number, and that of the piece it follows.
    Change = 2,
    /// A piece of a snapshot of a lane's state; its sequence number, and index and count (u32 each).
    Snapshot = 3,
    /// A truncated lane; its first position, and its next.
    Mark = 4,
    /// A channel that exists.
    Channel = 5,
    /// The channels before it in this segment are all there are; how many (position).
    Checkpoint = 6,
    /// A channel that is gone with all that was before.
    Remove = 7,
}

impl Kind {
    fn from(byte: u8) -> Option<Self> {
        let kinds = [
            Self::Entry,
            Self::Change,
            Self::Snapshot,
            Self::Mark,
            Self::Channel,
            Self::Checkpoint,
            Self::Remove,
        ];
        kinds.into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// A frame's header without what only its place decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) length: u32,
    pub(crate) payload_crc: u32,
    pub(crate) channel: u64,
    pub(crate) lane: u32,
    pub(crate) kind: Kind,
    /// Copied forward from an older segment: its position may be below others before it.
    pub(crate) moved: bool,
    pub(crate) position: u64,
    pub(crate) stamp: u64,
}

impl Header {
    /// A header whose length and checksum are still to be filled.
    pub(crate) fn new(kind: Kind, channel: u64, lane: u32) -> Self {
        Self { length: 0, payload_crc: 0, channel, lane, kind, moved: false, position: 0, stamp: 0 }
    }

    /// Bytes of the whole frame on disk.
    pub(crate) fn frame_len(&self) -> usize {
        padded(self.length as usize)
    }

    /// Writes everything but checksum and segment, which [`seal`] adds.
    pub(crate) fn write(&self, out: &mut [u8]) {
        out[4..8].copy_from_slice(&self.length.to_le_bytes());
        out[8..12].copy_from_slice(&self.payload_crc.to_le_bytes());
        out[16..24].copy_from_slice(&self.channel.to_le_bytes());
        out[24..28].copy_from_slice(&self.lane.to_le_bytes());
        out[28] = self.kind as u8;
        out[29] = u8::from(self.moved);
        out[32..40].copy_from_slice(&self.position.to_le_bytes());
        out[40..48].copy_from_slice(&self.stamp.to_le_bytes());
    }

    /// Reads a header before it is sealed, as [`Header::write`] wrote it.
    pub(crate) fn draft(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; HEADER] = bytes.first_chunk()?;
        Some(Self {
            length: u32_at(bytes, 4),
            payload_crc: u32_at(bytes, 8),
            channel: u64_at(bytes, 16),
            lane: u32_at(bytes, 24),
            kind: Kind::from(bytes[28])?,
            moved: bytes[29] == 1,
            position: u64_at(bytes, 32),
            stamp: u64_at(bytes, 40),
        })
    }

    /// Reads a header that belongs to the segment, or nothing.
    pub(crate) fn read(life: Life, bytes: &[u8]) -> Option<Self> {
        let head: &[u8; HEADER] = bytes.first_chunk()?;
        let fits =
            u32_at(head, 12) == life.sequence && u32_at(head, 0) == crc32c_append(life.seed, &head[4..]);
        if fits { Self::draft(head) } else { None }
    }
}

/// Which life of which file a frame belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) sequence: u32,
    pub(crate) seed: u32,
}

impl Life {
    /// The life of segment `sequence` in the folder `id`.
    pub(crate) fn new(id: &[u8; 16], sequence: u32) -> Self {
        Self { sequence, seed: crc32c_append(crc32c(id), &sequence.to_le_bytes()) }
    }
}

/// Completes a frame for its place in the log.
pub(crate) fn seal(frame: &mut [u8], life: Life, position: u64, stamp: u64) {
    frame[12..16].copy_from_slice(&life.sequence.to_le_bytes());
    frame[32..40].copy_from_slice(&position.to_le_bytes());
    frame[40..48].copy_from_slice(&stamp.to_le_bytes());
    let crc = crc32c_append(life.seed, &frame[4..HEADER]);
    frame[0..4].copy_from_slice(&crc.to_le_bytes());
}

/// Bytes of a frame with a payload of `length`.
pub(crate) fn padded(length: usize) -> usize {
    (HEADER + length).next_multiple_of(8)
}

fn u32_at(bytes: &[u8; HEADER], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8; HEADER], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(life: Life) -> Vec<u8> {
        let mut frame = vec![0; HEADER];
        Header::new(Kind::Entry, 1, 0).write(&mut frame);
        seal(&mut frame, life, 5, 7);
        frame
    }

    /// What a recycled file held before never fits: either guard alone keeps it out.
    #[test]
    fn a_frame_of_another_life_is_none() {
        let life = Life::new(&[1; 16], 9);
        let frame = sealed(life);
        assert!(Header::read(life, &frame).is_some_and(|header| header.position == 5));
        let another_seed = Life { sequence: 9, seed: Life::new(&[2; 16], 9).seed };
        assert_eq!(Header::read(another_seed, &frame), None, "a segment of that number in another folder");
        let another_number = Life { sequence: 10, seed: life.seed };
        assert_eq!(Header::read(another_number, &frame), None, "seeds may be equal by chance");
        assert_ne!(Life::new(&[1; 16], 10).seed, life.seed);
    }
}
