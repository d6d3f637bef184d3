//! One dead letter and its bytes.

use crate::{EntryError, GroupName};
use bytes::Bytes;
use event::{Record, Timestamp};
use std::sync::Arc;

/// One event that could not be delivered, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    /// Stable over updates and restarts.
    pub id: String,
    /// The trigger that failed.
    pub group: GroupName,
    /// The event as it was lent.
    pub record: Arc<Record>,
    /// Why it is here, for people.
    pub reason: String,
    /// Attempts made in all, redrives included.
    pub attempts: u32,
    /// Status of the last answer, if there was one.
    pub last_status: Option<u16>,
    /// Body of the last answer, cut at 1024 bytes.
    pub last_body: Bytes,
    /// When it first came here.
    pub first_time: Timestamp,
    /// When it last failed.
    pub last_time: Timestamp,
}

impl DeadLetter {
    /// True for a reply of the trigger's sink that the door did not let in. It has no rounds left, which no event has
    /// that came in; it belongs to where the trigger's replies go, never to the trigger's sink.
    #[must_use]
    pub fn is_reply(&self) -> bool {
        self.record.envelope.hops == 0
    }
}

/// A change in the dead letter lane; a listing folds them.
#[derive(Clone, Debug, PartialEq)]
pub enum DeadLetterChange {
    /// New, or a new failure of one that is there.
    Put(DeadLetter),
    /// Redriven with success, or purged.
    Gone {
        /// The entry.
        id: String,
    },
}

/// What stands before the record in a letter's bytes.
#[derive(serde::Serialize, serde::Deserialize)]
struct Header {
    id: String,
    group: GroupName,
    reason: String,
    attempts: u32,
    last_status: Option<u16>,
    last_body: Bytes,
    first_time: Timestamp,
    last_time: Timestamp,
}

const PUT: u8 = 1;
const GONE: u8 = 2;

impl DeadLetterChange {
    /// The entry that changes.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Put(letter) => &letter.id,
            Self::Gone { id } => id,
        }
    }

    /// Appends its bytes: a letter is the length of its header, the header, the event's record.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Put(letter) => {
                out.push(PUT);
                let header = serde_json::to_vec(&Header::of(letter)).expect("a header is plain data");
                out.extend(u32::try_from(header.len()).unwrap_or(u32::MAX).to_le_bytes());
                out.extend(header);
                event::record::encode(&letter.record, out);
            }
            Self::Gone { id } => {
                out.push(GONE);
                out.extend(id.as_bytes());
            }
        }
    }

    /// Reads it; the payload is a slice of `bytes`.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn decode(bytes: &Bytes) -> Result<Self, EntryError> {
        let damaged = |what: &str| EntryError(format!("a dead letter's {what} is damaged"));
        match bytes.first() {
            Some(&PUT) => {
                let length: [u8; 4] =
                    bytes.get(1..5).and_then(|b| b.try_into().ok()).ok_or_else(|| damaged("length"))?;
                let end =
                    (u32::from_le_bytes(length) as usize).checked_add(5).ok_or_else(|| damaged("length"))?;
                let header = bytes.get(5..end).ok_or_else(|| damaged("header"))?;
                let header: Header = serde_json::from_slice(header).map_err(|e| EntryError(e.to_string()))?;
                let record =
                    event::record::decode(bytes.slice(end..)).map_err(|e| EntryError(e.to_string()))?;
                Ok(Self::Put(header.with(record)))
            }
            Some(&GONE) => {
                let id = std::str::from_utf8(&bytes[1..]).map_err(|_| damaged("id"))?;
                Ok(Self::Gone { id: id.to_owned() })
            }
            _ => Err(damaged("kind")),
        }
    }
}

impl Header {
    fn of(letter: &DeadLetter) -> Self {
        Self {
            id: letter.id.clone(),
            group: letter.group.clone(),
            reason: letter.reason.clone(),
            attempts: letter.attempts,
            last_status: letter.last_status,
            last_body: letter.last_body.clone(),
            first_time: letter.first_time,
            last_time: letter.last_time,
        }
    }

    fn with(self, record: Record) -> DeadLetter {
        DeadLetter {
            id: self.id,
            group: self.group,
            record: Arc::new(record),
            reason: self.reason,
            attempts: self.attempts,
            last_status: self.last_status,
            last_body: self.last_body,
            first_time: self.first_time,
            last_time: self.last_time,
        }
    }
}

/// Which dead letters are meant. Empty: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadLetterQuery {
    /// Entry ids; empty: any.
    pub ids: Vec<String>,
    /// Of this trigger.
    pub group: Option<GroupName>,
    /// Whose last failure was at or after this time.
    pub since: Option<Timestamp>,
    /// Whose event's `type` is this.
    pub ty: Option<String>,
    /// At most so many; 0: no limit.
    pub limit: usize,
}

impl DeadLetterQuery {
    /// True when the query means this letter.
    #[must_use]
    pub fn means(&self, letter: &DeadLetter) -> bool {
        (self.ids.is_empty() || self.ids.contains(&letter.id))
            && self.group.as_ref().is_none_or(|g| *g == letter.group)
            && self.since.is_none_or(|since| letter.last_time >= since)
            && self.ty.as_ref().is_none_or(|ty| letter.record.event.ty() == ty)
    }
}
