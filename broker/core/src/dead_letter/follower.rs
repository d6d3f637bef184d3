//! Follows the dead letter lane, and keeps it short.

use super::folded::Folded;
use super::store::READ_AT_ONCE;
use super::{DeadLetter, DeadLetterChange};
use crate::{Entry, Lane, Log, LogError, Position};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// Records of the lane that are kept beyond the letters before old letters are moved forward.
const SLACK: u64 = 1000;
/// Wait before a log that could not be read is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// Folds the lane for as long as the store is open.
pub(super) async fn follow(
    log: Arc<dyn Log>,
    folded: Arc<Mutex<Folded>>,
    progress: watch::Sender<Position>,
    writing: Arc<Semaphore>,
) {
    let lane = Lane::DEAD_LETTERS;
    let mut at = loop {
        match log.first(lane).await {
            Ok(first) => break first,
            Err(LogError::Closed) => return,
            Err(LogError::Unavailable(_)) => tokio::time::sleep(RETRY).await,
        }
    };
    progress.send_replace(at);
    let mut reader = log.read(lane, at);
    loop {
        match reader.next().await {
            Ok(batch) => {
                for (position, entry) in batch.entries {
                    if let Entry::DeadLetter(change) = entry {
                        folded.lock().unwrap_or_else(PoisonError::into_inner).fold(position, &change);
                    }
                }
                at = batch.next;
                progress.send_replace(at);
                tidy(&*log, &folded, at, &writing).await;
            }
            Err(LogError::Closed) => return,
            Err(error) => {
                tracing::warn!(%error, "the dead letters cannot be read, trying again");
                tokio::time::sleep(RETRY).await;
                reader = log.read(lane, at);
            }
        }
    }
}

/// Gives up what lies before the oldest letter; when a few old letters keep much that is gone, they move forward.
async fn tidy(log: &dyn Log, folded: &Mutex<Folded>, end: Position, writing: &Semaphore) {
    let oldest_and_count = || {
        let folded = folded.lock().unwrap_or_else(PoisonError::into_inner);
        (folded.by_position.first_key_value().map_or(end, |(at, _)| *at), folded.by_position.len() as u64)
    };
    let (oldest, count) = oldest_and_count();
    // Space that is not given up now is given up after the next change.
    let truncated = log.truncate(Lane::DEAD_LETTERS, oldest).await;
    if truncated.is_err() || end.saturating_sub(oldest) <= 2 * count + SLACK {
        return;
    }
    let _turn = writing.acquire().await;
    // What others wrote before this turn must be folded first; it will be, and then the next change tidies.
    if log.end(Lane::DEAD_LETTERS).await.is_ok_and(|now| now == end) {
        let old: Vec<Position> = {
            let folded = folded.lock().unwrap_or_else(PoisonError::into_inner);
            folded.by_position.keys().take(READ_AT_ONCE).copied().collect()
        };
        if let Ok(letters) = letters(log, &old).await {
            let put = |(_, letter)| Entry::DeadLetter(Arc::new(DeadLetterChange::Put(letter)));
            let _ = log.append(Lane::DEAD_LETTERS, letters.into_iter().map(put).collect()).await;
        }
    }
}

/// The letters at these positions, those of them that are there.
pub(super) async fn letters(
    log: &dyn Log,
    positions: &[Position],
) -> Result<Vec<(Position, DeadLetter)>, LogError> {
    let entries = log.get(Lane::DEAD_LETTERS, positions).await?;
    let letter = |(at, entry): (Position, Entry)| match entry {
        Entry::DeadLetter(change) => match change.as_ref() {
            DeadLetterChange::Put(letter) => Some((at, letter.clone())),
            DeadLetterChange::Gone { .. } => None,
        },
        Entry::Event(_) | Entry::Done(_) | Entry::Group(_) => None,
    };
    Ok(entries.into_iter().filter_map(letter).collect())
}
