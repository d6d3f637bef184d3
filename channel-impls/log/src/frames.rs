//! Frames on their way to the writer: encoded by the caller, completed by the writer.

use crate::frame::{HEADER, Header, padded};

/// Encoded frames, one behind the other.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
}

impl Frames {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes) }
    }

    /// Adds a frame whose payload `fill` appends. Returns the payload's length.
    pub(crate) fn push(&mut self, mut header: Header, fill: impl FnOnce(&mut Vec<u8>)) -> usize {
        let start = self.bytes.len();
        self.bytes.resize(start + HEADER, 0);
        fill(&mut self.bytes);
        let payload = &self.bytes[start + HEADER..];
        let length = payload.len();
        // Lengths beyond u32 are refused before they come here (`MAX_RECORD`).
        header.length = u32::try_from(length).unwrap_or(u32::MAX);
        header.payload_crc = crc32c::crc32c(payload);
        header.write(&mut self.bytes[start..]);
        self.bytes.resize(start + padded(length), 0);
        length
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The frames in order, each with its draft header.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Header, &[u8])> {
        let mut rest = self.bytes.as_slice();
        std::iter::from_fn(move || {
            let header = Header::draft(rest)?;
            let (frame, behind) = rest.split_at_checked(header.frame_len())?;
            rest = behind;
            Some((header, frame))
        })
    }
}
