//! The dead letters of a channel: a lane of the log that holds puts and goings, folded into an index.

use super::folded::{Folded, Kept};
use super::follower::{follow, letters};
use super::{DeadLetter, DeadLetterChange, DeadLetterQuery};
use crate::{AppendError, Entry, GroupName, Lane, Log, LogError, Position};
use event::{Addressee, Audience, Record, Timestamp};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

/// Letters that one channel keeps, at most. The trigger whose letter finds no place stops until there is one.
const MOST_LETTERS: usize = 1_000_000;
/// Bytes that the letters of one channel may have together: their own budget, so that they do not fill the channel's.
const MOST_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// Letters that are read from the log in one go.
pub(super) const READ_AT_ONCE: usize = 256;
/// Bytes of events beyond which a redrive appends what it has: no more of them are in one append than this and one.
const SENT_AT_ONCE: usize = 1024 * 1024;

/// Why the dead letter store did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DeadLetterError {
    /// It could not be written; nothing changed.
    #[error("the dead letter store could not be written: {0}")]
    Append(#[from] AppendError),
    /// It could not be read.
    #[error("the dead letter store could not be read: {0}")]
    Log(#[from] LogError),
    /// It has no room; redrive or purge.
    #[error(
        "the dead letter store is full ({letters} letters, {bytes} bytes): redrive or purge some (`sluice dlq`)"
    )]
    Full {
        /// Letters kept.
        letters: usize,
        /// Bytes kept.
        bytes: u64,
    },
}

/// The dead letters of one channel, over the log's dead letter lane. Any process may append to it; each folds it.
pub struct DeadLetterStore {
    log: Arc<dyn Log>,
    /// Whether a trigger is there to be sent its letters again.
    is_wanted: Box<dyn Fn(&GroupName) -> bool + Send + Sync>,
    folded: Arc<Mutex<Folded>>,
    /// Everything below was folded.
    upto: watch::Receiver<Position>,
    follower: JoinHandle<()>,
    /// One writer at a time: a letter that is being moved forward must not come back behind its own going.
    writing: Arc<Semaphore>,
}

impl DeadLetterStore {
    /// Follows the log's dead letter lane from now on.
    #[must_use]
    pub(crate) fn open(
        log: Arc<dyn Log>,
        is_wanted: impl Fn(&GroupName) -> bool + Send + Sync + 'static,
    ) -> Self {
        let folded = Arc::new(Mutex::new(Folded::default()));
        let (progress, upto) = watch::channel(0);
        let writing = Arc::new(Semaphore::new(1));
        let follower = tokio::spawn(follow(log.clone(), folded.clone(), progress, writing.clone()));
        Self { log, is_wanted: Box::new(is_wanted), folded, upto, follower, writing }
    }

    /// Stops following. What was put is durable already.
    pub(crate) fn close(&self) {
        self.follower.abort();
    }

    /// Keeps a dead letter, or updates the one with the same id. `Ok`: durable.
    ///
    /// # Errors
    /// When it could not be written or has no room; the caller must not ack.
    pub async fn put(&self, mut letter: DeadLetter) -> Result<(), DeadLetterError> {
        let known = {
            let folded = self.lock();
            let known = folded.positions.get(letter.id.as_str()).copied();
            if known.is_none() && (folded.by_position.len() >= MOST_LETTERS || folded.bytes >= MOST_BYTES) {
                return Err(DeadLetterError::Full { letters: folded.by_position.len(), bytes: folded.bytes });
            }
            known
        };
        if let Some(at) = known
            && let Some((_, old)) = self.read(&[at]).await?.pop()
        {
            letter.first_time = letter.first_time.min(old.first_time);
        }
        self.append(vec![DeadLetterChange::Put(letter)]).await
    }

    /// The dead letters that the query means, oldest first.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn list(&self, query: &DeadLetterQuery) -> Result<Vec<DeadLetter>, DeadLetterError> {
        let mut letters = Vec::new();
        let candidates = self.candidates(query, |_| true);
        for some in candidates.chunks(READ_AT_ONCE) {
            for letter in self.letters(some).await? {
                if query.limit > 0 && letters.len() == query.limit {
                    return Ok(letters);
                }
                if query.means(&letter) {
                    letters.push(letter);
                }
            }
        }
        Ok(letters)
    }

    /// Sends those that the query means to their trigger again; they go when it succeeds. Returns their ids.
    /// One that is on its way already is not sent twice; one whose trigger is gone stays. Replies stay too: see
    /// [`DeadLetterStore::replies`].
    ///
    /// # Errors
    /// When the log cannot be read or written; any prefix may have been redriven.
    pub async fn redrive(&self, query: &DeadLetterQuery) -> Result<Vec<String>, DeadLetterError> {
        let mut sent = Vec::new();
        let candidates = self.candidates(query, |kept| !kept.is_reply);
        for some in candidates.chunks(READ_AT_ONCE) {
            let mut batch = Vec::new();
            let mut bytes = 0;
            for letter in self.letters(some).await? {
                if query.limit > 0 && sent.len() + batch.len() == query.limit {
                    break;
                }
                let goes = query.means(&letter) && (self.is_wanted)(&letter.group);
                if !goes || !self.lock().redriven.insert(letter.id.as_str().into()) {
                    continue;
                }
                bytes += letter.record.event.size();
                batch.push(letter);
                if bytes >= SENT_AT_ONCE {
                    sent.extend(self.send(std::mem::take(&mut batch)).await?);
                    bytes = 0;
                }
            }
            sent.extend(self.send(batch).await?);
            if query.limit > 0 && sent.len() == query.limit {
                break;
            }
        }
        Ok(sent)
    }

    /// Appends the letters' events for their triggers, all at once; their ids.
    async fn send(&self, letters: Vec<DeadLetter>) -> Result<Vec<String>, DeadLetterError> {
        if letters.is_empty() {
            return Ok(Vec::new());
        }
        let events = letters.iter().map(|letter| Entry::Event(Arc::new(again(letter)))).collect();
        let sent = self.log.append(Lane(0), events).await;
        let ids: Vec<String> = letters.into_iter().map(|letter| letter.id).collect();
        if sent.is_err() {
            let mut folded = self.lock();
            for id in &ids {
                folded.redriven.remove(id.as_str());
            }
        }
        Ok(sent.map(|()| ids)?)
    }

    /// The ids of the replies that the query means, oldest first. A redrive is for the caller to make: it publishes
    /// them where the trigger's replies go, then calls [`DeadLetterStore::resolved`].
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn replies(&self, query: &DeadLetterQuery) -> Result<Vec<String>, DeadLetterError> {
        let mut ids = Vec::new();
        for some in self.candidates(query, |kept| kept.is_reply).chunks(READ_AT_ONCE) {
            let meant = self.letters(some).await?.into_iter().filter(|letter| query.means(letter));
            ids.extend(meant.map(|letter| letter.id));
        }
        if query.limit > 0 {
            ids.truncate(query.limit);
        }
        Ok(ids)
    }

    /// Deletes those that the query means. Returns their ids.
    ///
    /// # Errors
    /// When the log cannot be read or written; any prefix may have been deleted.
    pub async fn purge(&self, query: &DeadLetterQuery) -> Result<Vec<String>, DeadLetterError> {
        let mut gone: Vec<String> = Vec::new();
        let candidates = self.candidates(query, |_| true);
        for some in candidates.chunks(READ_AT_ONCE) {
            if query.limit > 0 && gone.len() == query.limit {
                break;
            }
            let meant = self.letters(some).await?.into_iter().filter(|letter| query.means(letter));
            let more = if query.limit == 0 { usize::MAX } else { query.limit - gone.len() };
            let ids: Vec<String> = meant.map(|letter| letter.id).take(more).collect();
            if !ids.is_empty() {
                let changes = ids.iter().map(|id| DeadLetterChange::Gone { id: id.clone() });
                self.append(changes.collect()).await?;
            }
            gone.extend(ids);
        }
        Ok(gone)
    }

    /// A redriven event was delivered: its entry goes. Durable on `Ok`; the ack comes after it.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn resolved(&self, id: &str) -> Result<(), DeadLetterError> {
        self.append(vec![DeadLetterChange::Gone { id: id.to_owned() }]).await
    }

    /// One letter by its id.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn get(&self, id: &str) -> Result<Option<DeadLetter>, DeadLetterError> {
        let at = self.lock().positions.get(id).copied();
        match at {
            Some(at) => Ok(self.read(&[at]).await?.pop().map(|(_, letter)| letter)),
            None => Ok(None),
        }
    }

    /// How many dead letters a trigger has.
    #[must_use]
    pub fn count(&self, group: &GroupName) -> u64 {
        self.lock().counts.get(group).copied().unwrap_or(0)
    }

    /// Appends, and waits until this process has folded it: who put a letter sees it.
    async fn append(&self, changes: Vec<DeadLetterChange>) -> Result<(), DeadLetterError> {
        let entries = changes.into_iter().map(|change| Entry::DeadLetter(Arc::new(change))).collect();
        let turn = self.writing.acquire().await;
        self.log.append(Lane::DEAD_LETTERS, entries).await?;
        drop(turn);
        let end = self.log.end(Lane::DEAD_LETTERS).await?;
        // A follower that has ended means that the store is being closed: what was appended stays.
        let _ = self.upto.clone().wait_for(|upto| *upto >= end).await;
        Ok(())
    }

    /// Letters that the query may mean, in the order they were last put. By id: while some are worked on, others
    /// are moved forward.
    fn candidates(&self, query: &DeadLetterQuery, are: impl Fn(&Kept) -> bool) -> Vec<Arc<str>> {
        let folded = self.lock();
        let means = |kept: &Kept| {
            are(kept)
                && (query.ids.is_empty() || query.ids.iter().any(|id| **id == *kept.id))
                && query.group.as_ref().is_none_or(|g| *g == kept.group)
                && query.since.is_none_or(|since| kept.last_time >= since)
        };
        folded.by_position.values().filter(|kept| means(kept)).map(|kept| kept.id.clone()).collect()
    }

    /// These letters, as far as they are still there.
    async fn letters(&self, ids: &[Arc<str>]) -> Result<Vec<DeadLetter>, LogError> {
        let mut positions: Vec<Position> = {
            let folded = self.lock();
            ids.iter().filter_map(|id| folded.positions.get(id).copied()).collect()
        };
        positions.sort_unstable();
        Ok(self.read(&positions).await?.into_iter().map(|(_, letter)| letter).collect())
    }

    async fn read(&self, positions: &[Position]) -> Result<Vec<(Position, DeadLetter)>, LogError> {
        letters(&*self.log, positions).await
    }

    fn lock(&self) -> MutexGuard<'_, Folded> {
        self.folded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for DeadLetterStore {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

/// The record that tries a letter again: addressed to its trigger and nobody else.
fn again(letter: &DeadLetter) -> Record {
    let mut record = Record::clone(&letter.record);
    record.envelope.redrive = Some(letter.id.clone());
    record.envelope.origin = None;
    let group = letter.group.to_string();
    record.envelope.audience =
        Audience::Groups(vec![Addressee { group, attempts: 0, due: Timestamp::default() }]);
    record
}
