//! A log in front of another one: its appends take a turn, and its reads fail on purpose, but never the shared head's.

use async_trait::async_trait;
use broker_core::{
    AppendError, Batch, ChannelOptions, Entry, Lane, LaneChange, Log, LogError, Position, Reader, StateError,
    StateWrite,
};
use bytes::Bytes;
use event::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use tokio::sync::mpsc;

pub(crate) struct BrokenLog {
    pub(crate) log: Arc<dyn Log>,
    /// While true nothing behind the head can be read.
    pub(crate) broken: AtomicBool,
    /// Reads that failed.
    pub(crate) failed: AtomicU32,
}

impl BrokenLog {
    pub(crate) fn new(log: Arc<dyn Log>) -> Arc<Self> {
        Arc::new(Self { log, broken: AtomicBool::new(false), failed: AtomicU32::new(0) })
    }

    pub(crate) fn set_broken(&self, broken: bool) {
        self.broken.store(broken, Ordering::Relaxed);
    }

    fn fail(&self) -> LogError {
        self.failed.fetch_add(1, Ordering::Relaxed);
        LogError::Unavailable("a test made this read fail".to_owned())
    }

    fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }
}

struct BrokenReader(LogError);

#[async_trait]
impl Reader for BrokenReader {
    async fn next(&mut self) -> Result<Batch, LogError> {
        Err(self.0.clone())
    }
}

#[async_trait]
impl Log for BrokenLog {
    fn configure(&self, options: &ChannelOptions) {
        self.log.configure(options);
    }

    fn lanes(&self) -> u32 {
        self.log.lanes()
    }

    fn ownership(&self) -> mpsc::Receiver<LaneChange> {
        self.log.ownership()
    }

    async fn append(&self, lane: Lane, entries: Vec<Entry>) -> Result<(), AppendError> {
        // Others have their turn meanwhile, as with a log that writes to something.
        tokio::task::yield_now().await;
        self.log.append(lane, entries).await
    }

    fn read(&self, lane: Lane, from: Position) -> Box<dyn Reader> {
        if self.is_broken() { Box::new(BrokenReader(self.fail())) } else { self.log.read(lane, from) }
    }

    async fn get(&self, lane: Lane, positions: &[Position]) -> Result<Vec<(Position, Entry)>, LogError> {
        if self.is_broken() { Err(self.fail()) } else { self.log.get(lane, positions).await }
    }

    async fn first(&self, lane: Lane) -> Result<Position, LogError> {
        self.log.first(lane).await
    }

    async fn end(&self, lane: Lane) -> Result<Position, LogError> {
        self.log.end(lane).await
    }

    async fn position_at(&self, lane: Lane, time: Timestamp) -> Result<Position, LogError> {
        self.log.position_at(lane, time).await
    }

    async fn truncate(&self, lane: Lane, below: Position) -> Result<(), LogError> {
        self.log.truncate(lane, below).await
    }

    async fn put_state(&self, lane: Lane, write: StateWrite) -> Result<(), StateError> {
        self.log.put_state(lane, write).await
    }

    async fn load_state(&self, lane: Lane) -> Result<Vec<Bytes>, LogError> {
        self.log.load_state(lane).await
    }

    fn bytes(&self) -> u64 {
        self.log.bytes()
    }
}
