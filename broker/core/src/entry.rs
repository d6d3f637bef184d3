//! What a lane holds, and its bytes.

use crate::{DeadLetterChange, GroupName, Position};
use bytes::Bytes;
use event::Record;
use filter::Filter;
use std::sync::Arc;

/// One record of a lane. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// An event.
    Event(Arc<Record>),
    /// A group is done with an event: what that led to lies before this, in one append.
    Done(Arc<Done>),
    /// A group comes, changes or goes: exact because it lies between the events.
    Group(Arc<GroupChange>),
    /// A change of the dead letters; only in [`crate::Lane::DEAD_LETTERS`].
    DeadLetter(Arc<DeadLetterChange>),
}

/// Counts as the group's ack, also after a crash that took the state with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The group.
    pub group: GroupName,
    /// Which life of that name.
    pub incarnation: Arc<str>,
    /// The event, in the same lane and below this record.
    pub at: Position,
}

/// Membership travels in the lane: its position is the exact start.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum GroupChange {
    /// A new group, or the same one with another filter.
    Ensure {
        /// The group.
        group: GroupName,
        /// Which life of that name.
        incarnation: String,
        /// In force for events after this record.
        filter: Filter,
        /// Where a new group begins in this lane; `None`: after this record.
        from: Option<Position>,
    },
    /// The group is gone; what it had not finished is given up.
    Remove {
        /// The group.
        group: GroupName,
        /// Which life of that name.
        incarnation: String,
    },
}

/// Bytes that are no entry of a version this program reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a readable record: {0}")]
pub struct EntryError(pub String);

/// First byte: what follows. Each kind carries its own version, so that kinds can change one by one.
mod tag {
    pub(super) const EVENT_1: u8 = 0x11;
    pub(super) const GROUP_1: u8 = 0x21;
    pub(super) const DEAD_LETTER_1: u8 = 0x31;
    pub(super) const DONE_1: u8 = 0x41;
}

impl Entry {
    /// Appends the entry's bytes to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Event(record) => {
                out.push(tag::EVENT_1);
                event::record::encode(record, out);
            }
            Self::Done(done) => {
                out.push(tag::DONE_1);
                done.encode(out);
            }
            Self::Group(change) => {
                out.push(tag::GROUP_1);
                serde_json::to_writer(out, change.as_ref()).expect("a group change is plain data");
            }
            Self::DeadLetter(change) => {
                out.push(tag::DEAD_LETTER_1);
                change.encode(out);
            }
        }
    }

    /// Reads an entry; payloads are slices of `bytes`, not copies.
    ///
    /// # Errors
    /// When a newer program wrote it, or when it is damaged.
    pub fn decode(mut bytes: Bytes) -> Result<Self, EntryError> {
        if bytes.is_empty() {
            return Err(EntryError("it is empty".to_owned()));
        }
        let rest = bytes.split_off(1);
        match bytes.first() {
            Some(&tag::EVENT_1) => event::record::decode(rest)
                .map(|r| Self::Event(Arc::new(r)))
                .map_err(|e| EntryError(e.to_string())),
            Some(&tag::GROUP_1) => serde_json::from_slice(&rest)
                .map(|c| Self::Group(Arc::new(c)))
                .map_err(|e| EntryError(e.to_string())),
            Some(&tag::DEAD_LETTER_1) => {
                DeadLetterChange::decode(&rest).map(|c| Self::DeadLetter(Arc::new(c)))
            }
            Some(&tag::DONE_1) => Done::decode(&rest).map(|done| Self::Done(Arc::new(done))),
            other => Err(EntryError(format!(
                "its kind {other:02x?} is not known to this version; it was written by a newer sluice"
            ))),
        }
    }
}

impl Done {
    /// The position, the length of the group's name (both little endian), the name, the incarnation.
    fn encode(&self, out: &mut Vec<u8>) {
        let name = self.group.as_str().as_bytes();
        out.extend_from_slice(&self.at.to_le_bytes());
        out.extend_from_slice(&u32::try_from(name.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(name);
        out.extend_from_slice(self.incarnation.as_bytes());
    }

    fn decode(bytes: &[u8]) -> Result<Self, EntryError> {
        let damaged = || EntryError("the word that an event is done is damaged".to_owned());
        let (at, rest) = bytes.split_first_chunk().ok_or_else(damaged)?;
        let (length, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
        let length = u32::from_le_bytes(*length) as usize;
        let (group, incarnation) = rest.split_at_checked(length).ok_or_else(damaged)?;
        let text = |bytes| std::str::from_utf8(bytes).map_err(|_| damaged());
        Ok(Self {
            group: GroupName::from(text(group)?),
            incarnation: text(incarnation)?.into(),
            at: Position::from_le_bytes(*at),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Done, Entry};
    use bytes::Bytes;
    use std::sync::Arc;

    const BYTES: &[u8] = b"\x41\x02\x01\0\0\0\0\0\0\x04\0\0\0ns/g1";

    /// Logs of every version open.
    #[test]
    fn the_bytes_of_a_conclusion_never_change() {
        let done = Done { group: "ns/g".into(), incarnation: "1".into(), at: 258 };
        let entry = Entry::Done(Arc::new(done));
        let mut bytes = Vec::new();
        entry.encode(&mut bytes);
        assert_eq!(bytes, BYTES);
        assert_eq!(Entry::decode(Bytes::from_static(BYTES)), Ok(entry));
    }

    #[test]
    fn a_conclusion_that_was_cut_in_its_name_is_damaged() {
        for end in 1..BYTES.len() - 1 {
            assert!(Entry::decode(Bytes::from_static(&BYTES[..end])).is_err(), "{end} bytes");
        }
    }
}
