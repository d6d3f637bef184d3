//! What a lane waits for, in shapes that cost little while nothing comes.

use super::Fetch;
use super::catching_up::Sweep;
use crate::{Batch, Entry, LogError, Position, Reader};
use futures::future::BoxFuture;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// The next batch of the shared head. Kept while others wake the lane: to listen anew each time costs more.
pub(super) fn read_on(
    mut reader: Box<dyn Reader>,
) -> BoxFuture<'static, (Box<dyn Reader>, Result<Batch, LogError>)> {
    Box::pin(async move {
        let batch = reader.next().await;
        (reader, batch)
    })
}

/// Later than anything that a lane waits for.
pub(super) fn far() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}

/// An alarm that rings too early costs one look; putting it off with every event costs more.
pub(super) fn bring_forward(alarm: Pin<&mut Sleep>, at: Instant) {
    if at < alarm.deadline() {
        alarm.reset(at);
    }
}

/// Waits for a future that may not be there; one that is not there never ends. Cancel safe.
pub(super) async fn ready<T>(slot: &mut Option<BoxFuture<'static, T>>) -> T {
    match slot {
        Some(future) => {
            let value = future.await;
            *slot = None;
            value
        }
        None => std::future::pending().await,
    }
}

pub(super) async fn next_of(sweep: &mut Option<Sweep>) -> Result<Batch, LogError> {
    match sweep {
        Some(sweep) => sweep.next().await,
        None => std::future::pending().await,
    }
}

pub(super) async fn read_of(fetch: &mut Option<Fetch>) -> Result<Vec<(Position, Entry)>, LogError> {
    match fetch {
        Some(fetch) => (&mut fetch.read).await,
        None => std::future::pending().await,
    }
}
