//! Reads a lane forward: from memory at the end, from the disk behind it.

use crate::index::Plan;
use crate::lane::{Lane, Step};
use crate::read::Records;
use crate::shared::Shared;
use async_trait::async_trait;
use broker_core::{Batch, LogError, Position, Reader};
use std::pin::pin;
use std::sync::Arc;

pub(crate) struct LaneReader {
    shared: Arc<Shared>,
    lane: Arc<Lane>,
    next: Position,
}

impl LaneReader {
    pub(crate) fn new(shared: Arc<Shared>, lane: Arc<Lane>, from: Position) -> Self {
        Self { shared, lane, next: from }
    }

    /// The first step that is not waiting.
    async fn step(&self) -> Step {
        loop {
            match self.lane.step(self.next) {
                Step::Wait => {}
                step => return step,
            }
            // Listen first, then look once more: what came in between would wake nobody.
            let mut news = pin!(self.lane.news());
            news.as_mut().enable();
            match self.lane.step(self.next) {
                Step::Wait => news.await,
                step => return step,
            }
        }
    }
}

/// Runs `work` where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, LogError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(LogError::Unavailable(format!("the log could not be read: {error}"))),
        Err(_) => Err(LogError::Closed),
    }
}

async fn load(shared: &Arc<Shared>, lane: &Arc<Lane>, plan: Plan) -> Result<Batch, LogError> {
    let (shared, lane) = (shared.clone(), lane.clone());
    blocking(move || {
        let entries = Records::new(&shared, &lane).entries(&plan)?;
        Ok(Batch { entries, next: plan.next })
    })
    .await
}

#[async_trait]
impl Reader for LaneReader {
    async fn next(&mut self) -> Result<Batch, LogError> {
        loop {
            let batch = match self.step().await {
                Step::Ready(batch) => batch,
                Step::Read(plan) => load(&self.shared, &self.lane, plan).await?,
                Step::Wait | Step::Closed => return Err(LogError::Closed),
            };
            // Not before the batch is there: a call that is dropped on the way loses nothing.
            self.next = batch.next;
            if !batch.entries.is_empty() {
                return Ok(batch);
            }
        }
    }
}
