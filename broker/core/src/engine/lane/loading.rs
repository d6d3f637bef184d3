//! What a lane starts from: its durable state, and where the log begins.

use super::RETRY;
use crate::engine::state::Stored;
use crate::{Lane, Log, LogError, Position};
use std::time::Duration;

/// A log whose end does not come within this has nothing more to read before it.
const SILENCE: Duration = Duration::from_secs(5);

/// What a lane starts from.
pub(super) struct Loaded {
    pub(super) stored: Stored,
    pub(super) first: Position,
    /// Where groups begin that the state ought to know and does not.
    pub(super) rescue: Option<Position>,
}

impl Loaded {
    /// Everything below was read and is contained in the state.
    pub(super) fn head(&self) -> Position {
        self.stored.frontier.unwrap_or(self.first).max(self.first)
    }
}

/// Loads the lane's state; `None` when the log is closed.
pub(super) async fn load(log: &dyn Log, lane: Lane) -> Option<Loaded> {
    let pieces = retry(lane, || log.load_state(lane)).await?;
    let first = retry(lane, || log.first(lane)).await?;
    let (stored, damage) = Stored::fold(&pieces);
    let end = retry(lane, || log.end(lane)).await?;
    // Truncation follows the durable state, so a log that begins behind it has a state that went missing.
    let older = stored.frontier.map_or(first > 0 && end > first, |frontier| first > frontier);
    if let Some(damage) = &damage {
        tracing::error!(
            lane = lane.0,
            damage,
            "the lane's state is damaged; some events are delivered again"
        );
    }
    let rescue = (damage.is_some() || older).then_some(first);
    let mut loaded = Loaded { stored, first, rescue };
    recall(log, lane, &mut loaded, end).await?;
    Some(loaded)
}

/// Reads what lies behind the state, up to `end`: nothing is lent before it is known what was done. `None` when the
/// log is closed.
async fn recall(log: &dyn Log, lane: Lane, loaded: &mut Loaded, end: Position) -> Option<()> {
    let mut at = loaded.head();
    let mut reader = log.read(lane, at);
    while at < end {
        match tokio::time::timeout(SILENCE, reader.next()).await {
            Ok(Ok(batch)) => {
                for (at, entry) in &batch.entries {
                    loaded.stored.recall(*at, entry, loaded.rescue);
                }
                at = batch.next;
            }
            Ok(Err(LogError::Closed)) => return None,
            Ok(Err(error)) => {
                tracing::warn!(lane = lane.0, %error, "the lane cannot be loaded, trying again");
                tokio::time::sleep(RETRY).await;
                reader = log.read(lane, at);
            }
            // What is left up to the end is damaged, or the log hangs.
            Err(_) => {
                tracing::warn!(
                    lane = lane.0,
                    at,
                    end,
                    "nothing more is read of what lies behind the lane's state: if it was concluded there, it is delivered again"
                );
                break;
            }
        }
    }
    Some(())
}

async fn retry<T, F>(lane: Lane, mut ask: impl FnMut() -> F) -> Option<T>
where
    F: Future<Output = Result<T, LogError>>,
{
    loop {
        match ask().await {
            Ok(value) => return Some(value),
            Err(LogError::Closed) => return None,
            Err(error) => {
                tracing::warn!(lane = lane.0, %error, "the lane cannot be loaded, trying again");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}
