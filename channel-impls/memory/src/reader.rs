//! Reading a lane forward.

use crate::log::MemoryLog;
use async_trait::async_trait;
use broker_core::{Batch, Lane, LogError, Position, Reader};
use tokio::sync::watch;

/// A reader at its own position.
pub(crate) struct MemoryReader {
    pub(crate) log: MemoryLog,
    pub(crate) lane: Lane,
    pub(crate) next: Position,
    pub(crate) tail: watch::Receiver<()>,
}

#[async_trait]
impl Reader for MemoryReader {
    async fn next(&mut self) -> Result<Batch, LogError> {
        loop {
            // Seen before looking: what is appended after the look ends the wait.
            self.tail.borrow_and_update();
            if let Some(batch) = self.log.readable(self.lane, |lane| lane.batch(self.next))? {
                self.next = batch.next;
                return Ok(batch);
            }
            self.tail.changed().await.map_err(|_| LogError::Closed)?;
        }
    }
}
