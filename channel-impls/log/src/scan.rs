//! Reads the bytes of a segment, whatever they are.

use crate::catalog::ChannelMark;
use crate::frame::{HEADER, Header, Kind, Life};
use crate::segment::SegmentHeader;
use broker_core::Entry;
use bytes::Bytes;
use std::ops::Range;

/// What stands at a place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A sound frame; `payload` is a range of the scanned bytes.
    Frame { offset: u32, header: Header, payload: Range<usize> },
    /// Bytes that are no frame, or a frame whose payload is damaged (then its header is known).
    Damaged { offset: u32, bytes: u32, header: Option<Header> },
}

/// Walks over the frames in `bytes`, which begin at `base` of a segment. What follows the last sound frame
/// (zeros, an older life of the file) is not reported.
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    base: u32,
    at: usize,
    life: Life,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(bytes: &'a [u8], base: u32, life: Life) -> Self {
        Self { bytes, base, at: 0, life }
    }

    fn header_at(&self, at: usize) -> Option<Header> {
        let rest = self.bytes.get(at..)?;
        Header::read(self.life, rest).filter(|header| header.frame_len() <= rest.len())
    }

    fn offset(&self, at: usize) -> u32 {
        self.base.saturating_add(u32::try_from(at).unwrap_or(u32::MAX))
    }

    /// The next place behind `at` that has a sound header. Frames lie at multiples of eight.
    fn resume(&self, at: usize) -> Option<usize> {
        let mark = self.life.sequence.to_le_bytes();
        let mut candidate = at + 8;
        while let Some(head) = self.bytes.get(candidate..candidate + HEADER) {
            if head[12..16] == mark && self.header_at(candidate).is_some() {
                return Some(candidate);
            }
            candidate += 8;
        }
        None
    }
}

impl Iterator for Scanner<'_> {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        let at = self.at;
        let offset = self.offset(at);
        let Some(header) = self.header_at(at) else {
            let next = self.resume(at)?;
            self.at = next;
            return Some(Found::Damaged { offset, bytes: self.offset(next) - offset, header: None });
        };
        self.at = at + header.frame_len();
        let payload = at + HEADER..at + HEADER + header.length as usize;
        let sound = self.bytes.get(payload.clone()).is_some_and(|p| crc32c::crc32c(p) == header.payload_crc);
        Some(if sound {
            Found::Frame { offset, header, payload }
        } else {
            Found::Damaged { offset, bytes: self.offset(self.at) - offset, header: Some(header) }
        })
    }
}

/// What [`scan`] saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Sound frames.
    pub frames: usize,
    /// Frames among them whose content this program cannot decode.
    pub unreadable: usize,
    /// Damaged places.
    pub damaged: usize,
}

/// Reads a whole segment file and decodes everything in it: total, whatever the bytes are.
#[must_use]
pub fn scan(bytes: &[u8]) -> Summary {
    let mut summary = Summary::default();
    let Some(header) = SegmentHeader::read(bytes) else { return summary };
    let body = bytes.get(SegmentHeader::BYTES as usize..).unwrap_or_default();
    for found in Scanner::new(body, SegmentHeader::BYTES, header.life()) {
        match found {
            Found::Damaged { .. } => summary.damaged += 1,
            Found::Frame { header, payload, .. } => {
                let payload = body.get(payload).unwrap_or_default();
                let decodes = match header.kind {
                    Kind::Entry => Entry::decode(Bytes::copy_from_slice(payload)).is_ok(),
                    Kind::Channel => ChannelMark::decode(payload).is_some(),
                    Kind::Change | Kind::Snapshot | Kind::Mark | Kind::Checkpoint | Kind::Remove => true,
                };
                summary.frames += 1;
                summary.unreadable += usize::from(!decodes);
            }
        }
    }
    summary
}
