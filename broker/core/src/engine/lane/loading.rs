//! What a lane starts from: its durable state, and where the log begins.

use super::RETRY;
use crate::engine::state::Stored;
use crate::{Lane, Log, LogError, Position};

/// What a lane starts from.
pub(super) struct Loaded {
    pub(super) stored: Stored,
    pub(super) first: Position,
    /// Where groups begin that the state ought to know and does not.
    pub(super) rescue: Option<Position>,
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
    Some(Loaded { stored, first, rescue })
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
