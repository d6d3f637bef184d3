//! A log in front of another one: its appends take a turn, and its reads fail on purpose, but never the shared head's.
//! It counts what is asked of it.

use async_trait::async_trait;
use broker_core::{
    AppendError, Batch, ChannelOptions, Entry, Lane, LaneChange, Log, LogError, Position, Reader, StateError,
    StateWrite,
};
use bytes::Bytes;
use event::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

pub(crate) struct BrokenLog {
    pub(crate) log: Arc<dyn Log>,
    /// While true nothing behind the head can be read.
    pub(crate) broken: AtomicBool,
    /// Reads that failed.
    pub(crate) failed: AtomicU32,
    /// Writes of state.
    pub(crate) written: AtomicU32,
    /// Appends of events.
    pub(crate) appended: AtomicU32,
    pub(crate) readers: Arc<Readers>,
}

/// Who reads; perhaps of several logs.
#[derive(Default)]
pub(crate) struct Readers {
    /// While true, a batch takes a while.
    pub(crate) slow: AtomicBool,
    /// Now.
    pub(crate) now: AtomicU32,
    /// At the same time, at most.
    pub(crate) most: AtomicU32,
}

impl BrokenLog {
    pub(crate) fn new(log: Arc<dyn Log>) -> Arc<Self> {
        Self::counted(log, &Arc::default())
    }

    pub(crate) fn counted(log: Arc<dyn Log>, readers: &Arc<Readers>) -> Arc<Self> {
        Arc::new(Self {
            log,
            broken: AtomicBool::new(false),
            failed: AtomicU32::new(0),
            written: AtomicU32::new(0),
            appended: AtomicU32::new(0),
            readers: readers.clone(),
        })
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

/// Counted as long as it lives.
struct CountedReader {
    reader: Box<dyn Reader>,
    readers: Arc<Readers>,
}

impl CountedReader {
    fn new(reader: Box<dyn Reader>, readers: Arc<Readers>) -> Self {
        let now = readers.now.fetch_add(1, Ordering::Relaxed) + 1;
        readers.most.fetch_max(now, Ordering::Relaxed);
        Self { reader, readers }
    }
}

impl Drop for CountedReader {
    fn drop(&mut self) {
        self.readers.now.fetch_sub(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl Reader for CountedReader {
    async fn next(&mut self) -> Result<Batch, LogError> {
        if self.readers.slow.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.reader.next().await
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
        if entries.iter().any(|entry| matches!(entry, Entry::Event(_))) {
            self.appended.fetch_add(1, Ordering::Relaxed);
        }
        self.log.append(lane, entries).await
    }

    fn read(&self, lane: Lane, from: Position) -> Box<dyn Reader> {
        if self.is_broken() {
            return Box::new(BrokenReader(self.fail()));
        }
        Box::new(CountedReader::new(self.log.read(lane, from), self.readers.clone()))
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
        self.written.fetch_add(1, Ordering::Relaxed);
        self.log.put_state(lane, write).await
    }

    async fn load_state(&self, lane: Lane) -> Result<Vec<Bytes>, LogError> {
        self.log.load_state(lane).await
    }

    fn bytes(&self) -> u64 {
        self.log.bytes()
    }
}
