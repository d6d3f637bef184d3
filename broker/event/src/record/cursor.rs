//! Reading bytes that may be anything: every read is checked, nothing is allocated from a bare length.

use super::RecordError;

/// The unread rest of a record.
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn take(&mut self, count: usize, what: &str) -> Result<&'a [u8], RecordError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| {
            RecordError(format!("{what}: {count} bytes are wanted, {} are left", self.left()))
        })?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self, what: &str) -> Result<u8, RecordError> {
        self.take(1, what).map(|bytes| bytes[0])
    }

    pub(super) fn fixed(&mut self, what: &str) -> Result<u64, RecordError> {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(self.take(8, what)?);
        Ok(u64::from_le_bytes(bytes))
    }

    pub(super) fn varint(&mut self, what: &str) -> Result<u64, RecordError> {
        if let Some((&byte @ 0..0x80, rest)) = self.rest.split_first() {
            self.rest = rest;
            return Ok(byte.into());
        }
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte(what)?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(RecordError(format!("{what}: the number is too large")))
    }

    pub(super) fn varint_u32(&mut self, what: &str) -> Result<u32, RecordError> {
        u32::try_from(self.varint(what)?).map_err(|_| RecordError(format!("{what}: the number is too large")))
    }

    /// A number of things that take at least `each` bytes; more than the rest can hold is refused.
    pub(super) fn count(&mut self, each: usize, what: &str) -> Result<usize, RecordError> {
        let count = self.varint(what)?;
        match usize::try_from(count) {
            Ok(count) if count <= self.left() / each => Ok(count),
            _ => Err(RecordError(format!("{what}: {count} of them do not fit into what is left"))),
        }
    }

    pub(super) fn string(&mut self, what: &str) -> Result<String, RecordError> {
        let length = self.count(1, what)?;
        text(self.take(length, what)?, what).map(str::to_owned)
    }
}

pub(super) fn text<'a>(bytes: &'a [u8], what: &str) -> Result<&'a str, RecordError> {
    std::str::from_utf8(bytes).map_err(|_| RecordError(format!("{what}: it is not UTF-8")))
}
