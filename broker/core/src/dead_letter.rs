//! Dead letters: events nobody would take, kept until a person decides.

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

impl DeadLetterChange {
    /// Appends its bytes.
    pub fn encode(&self, _out: &mut Vec<u8>) {}
    /// Reads it.
    ///
    /// # Errors
    /// When damaged.
    pub fn decode(_bytes: Bytes) -> Result<Self, EntryError> {
        Err(EntryError("not yet".to_owned()))
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

/// Why the dead letter store did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DeadLetterError {
    /// It could not be written; nothing changed.
    #[error("the dead letter store could not be written: {0}")]
    Append(#[from] crate::AppendError),
    /// It could not be read.
    #[error("the dead letter store could not be read: {0}")]
    Log(#[from] crate::LogError),
}

/// The dead letters of one channel, over the log's dead letter lane.
#[derive(Debug, Default)]
pub struct DeadLetterStore {}

#[expect(clippy::unused_async, reason = "the shape first, the store next")]
impl DeadLetterStore {
    /// Keeps a dead letter, or updates the one with the same id. `Ok`: durable.
    ///
    /// # Errors
    /// When it could not be written; the caller must not ack.
    pub async fn put(&self, _letter: DeadLetter) -> Result<(), DeadLetterError> {
        Ok(())
    }

    /// The dead letters that the query means, oldest first.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn list(&self, _query: &DeadLetterQuery) -> Result<Vec<DeadLetter>, DeadLetterError> {
        Ok(Vec::new())
    }

    /// Sends those that the query means to their trigger again; they go when it succeeds. Returns their ids.
    ///
    /// # Errors
    /// When the log cannot be read or written; any prefix may have been redriven.
    pub async fn redrive(&self, _query: &DeadLetterQuery) -> Result<Vec<String>, DeadLetterError> {
        Ok(Vec::new())
    }

    /// Deletes those that the query means. Returns their ids.
    ///
    /// # Errors
    /// When the log cannot be read or written.
    pub async fn purge(&self, _query: &DeadLetterQuery) -> Result<Vec<String>, DeadLetterError> {
        Ok(Vec::new())
    }

    /// A redriven event was delivered: its entry goes. Durable on `Ok`; the ack comes after it.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn resolved(&self, _id: &str) -> Result<(), DeadLetterError> {
        Ok(())
    }

    /// How many dead letters a trigger has.
    #[must_use]
    pub fn count(&self, _group: &GroupName) -> u64 {
        0
    }
}
