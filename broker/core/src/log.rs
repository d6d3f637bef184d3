//! What a backend writes: a durable log per channel.
//!
//! ```text
//!   lane 0   first ──▶ [ c e e e c e e e e ] ◀── end      e = event, c = control record
//!                        ▲         ▲
//!                 truncate(below)  read(from): several readers, each at its own position
//! ```
//!
//! Groups, filters, windows, retries and dead letters are not here: the engine keeps them once, for all backends.

use crate::{ChannelId, Entry, Lane, Position};
use async_trait::async_trait;
use bytes::Bytes;
use event::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// One configured connection to a messaging system, or one data folder.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// The word that chooses it: `log`, `memory`, `kafka`, `rabbitmq`, `nats`.
    fn name(&self) -> &'static str;

    /// What it cannot do; read once, when the table is compiled.
    fn capabilities(&self) -> Capabilities;

    /// Makes the channel's log exist and opens it. Idempotent: the same channel gives the same log.
    async fn open(&self, channel: &ChannelId, options: &ChannelOptions)
    -> Result<Arc<dyn Log>, BackendError>;

    /// Deletes the channel and everything in it. Idempotent.
    async fn remove(&self, channel: &ChannelId) -> Result<(), BackendError>;

    /// Every channel that has data here, known to the table or not.
    async fn channels(&self) -> Result<Vec<ChannelId>, BackendError>;

    /// Whether appends can succeed at the moment; readiness follows it.
    fn health(&self) -> watch::Receiver<Health>;

    /// Writes what is buffered, gives back locks. Appends after it fail.
    async fn close(&self);
}

/// A backend's word about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Appends are expected to succeed.
    Up,
    /// They are not, for this reason; it may pass.
    Down(String),
    /// They never will again in this process (a failed fsync); a person must act.
    Failed(String),
}

/// What a backend cannot do stands here; a trigger that asks for it is refused with a clear problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Records of one `partitionkey` keep their order.
    pub ordered_lanes: bool,
    /// Reading can start at a time in the past.
    pub replay: bool,
    /// Survives the end of the process.
    pub durable: bool,
}

/// What a Broker or Channel asks of its log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelOptions {
    /// Bytes that the channel may hold before appends answer [`AppendError::Full`]; `None`: the backend's default.
    /// What makes room in the end is never refused: group changes, events that are moved forward
    /// (`envelope.origin`), an append that ends with [`Entry::Done`], dead letters that go. Dead letters are counted apart from events.
    pub byte_budget: Option<u64>,
    /// How long finished events are kept for replay. The engine truncates; backends with a server-side
    /// retention must not delete earlier than told.
    pub retention: Duration,
}

/// The durable log of one channel.
#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// Changed options; in force at once.
    fn configure(&self, options: &ChannelOptions);

    /// How many event lanes there are, numbered from 0. The dead letter lane is not counted.
    fn lanes(&self) -> u32;

    /// Which lanes this process owns, from now on. Called once. A lane that is owned already is announced at once.
    /// The dead letter lane is announced like any other.
    fn ownership(&self) -> mpsc::Receiver<LaneChange>;

    /// Appends in order. `Ok`: all durable. `Err`: any prefix may be durable; append again, readers see duplicates.
    /// Any process may append to any lane.
    async fn append(&self, lane: Lane, entries: Vec<Entry>) -> Result<(), AppendError>;

    /// A reader that starts at the first record not below `from` and never ends.
    fn read(&self, lane: Lane, from: Position) -> Box<dyn Reader>;

    /// The records at these ascending positions. One that was truncated or damaged is left out.
    async fn get(&self, lane: Lane, positions: &[Position]) -> Result<Vec<(Position, Entry)>, LogError>;

    /// The first position that may still hold a record.
    async fn first(&self, lane: Lane) -> Result<Position, LogError>;

    /// The position that the next record will not be below.
    async fn end(&self, lane: Lane) -> Result<Position, LogError>;

    /// The first position whose record was appended at or after `time`; the end if there is none.
    async fn position_at(&self, lane: Lane, time: Timestamp) -> Result<Position, LogError>;

    /// Gives up everything below. Idempotent; may free space later.
    async fn truncate(&self, lane: Lane, below: Position) -> Result<(), LogError>;

    /// Writes state of an owned lane, durable on `Ok`, in the order of the calls. At most 256 KiB a piece.
    /// A process that lost the lane gets [`StateError::Fenced`], always.
    async fn put_state(&self, lane: Lane, write: StateWrite) -> Result<(), StateError>;

    /// The newest complete snapshot's pieces, then all changes written since, in order.
    async fn load_state(&self, lane: Lane) -> Result<Vec<Bytes>, LogError>;

    /// Bytes the channel occupies, for metrics and budgets; 0 where the backend cannot tell.
    fn bytes(&self) -> u64;
}

/// One write of a lane's state; what is in the bytes is the engine's business.
#[derive(Clone, Debug)]
pub enum StateWrite {
    /// One more piece after the others.
    Change(Bytes),
    /// Replaces everything before it, all pieces or none.
    Snapshot(Vec<Bytes>),
}

/// Reads a lane forward.
#[async_trait]
pub trait Reader: Send {
    /// The next records, at least one; waits at the end. Cancel safe. Damaged records are skipped.
    async fn next(&mut self) -> Result<Batch, LogError>;
}

/// Records as a reader gives them.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Ascending positions.
    pub entries: Vec<(Position, Entry)>,
    /// Where the reader goes on: above the last entry, and above what was skipped.
    pub next: Position,
}

/// A lane comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneChange {
    /// Ours from now on: load its state, then lend.
    Gained(Lane),
    /// About to go: finish, write the state, then let go.
    Leaving(Lane),
    /// Gone: everything lent from it is forgotten.
    Lost(Lane),
}

/// Why an append did not become durable.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// One record is larger than the backend takes. Never worth repeating.
    #[error("the event has {size} bytes, the backend takes {max}")]
    TooLarge {
        /// Bytes of the record.
        size: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// The channel's byte budget is used up.
    #[error("the channel is full: {used} of {budget} bytes are used{}", pinned.as_ref().map(|g| format!(", kept for `{g}`")).unwrap_or_default())]
    Full {
        /// Bytes used.
        used: u64,
        /// Bytes allowed.
        budget: u64,
        /// The group that keeps most of it, where known.
        pinned: Option<String>,
    },
    /// The backend cannot take it at the moment.
    #[error("the backend is not available: {0}")]
    Unavailable(String),
}

/// Why the log could not be read or truncated.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LogError {
    /// May pass; try again.
    #[error("the log is not available: {0}")]
    Unavailable(String),
    /// The log was closed or removed.
    #[error("the log is closed")]
    Closed,
}

/// Why state was not written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StateError {
    /// Another process owns the lane now.
    #[error("the lane belongs to another process now")]
    Fenced,
    /// May pass; nothing or everything of the write is durable.
    #[error("the state could not be written: {0}")]
    Unavailable(String),
}

/// Why a channel could not be opened or removed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{backend}: {detail}")]
pub struct BackendError {
    /// The backend's name.
    pub backend: &'static str,
    /// What happened and what to do.
    pub detail: String,
}
