//! The log of one channel, as one process has it open.

use crate::channel::{Channel, Kept};
use crate::lane::Lane as Shelf;
use crate::process::{Process, strikes};
use crate::reader::MemoryReader;
use async_trait::async_trait;
use broker_core::{
    AppendError, ChannelOptions, Entry, Lane, LaneChange, Log, LogError, Position, Reader, StateError,
    StateWrite,
};
use bytes::Bytes;
use event::Timestamp;
use std::sync::{Arc, MutexGuard};
use tokio::sync::mpsc;

/// Bytes of the largest piece of state, as the contract has it.
const MAX_PIECE: usize = 256 * 1024;

/// A channel in the hands of a process.
#[derive(Clone, Debug)]
pub(crate) struct MemoryLog {
    channel: Arc<Channel>,
    process: Arc<Process>,
}

impl MemoryLog {
    pub(crate) fn new(channel: Arc<Channel>, process: Arc<Process>) -> Self {
        Self { channel, process }
    }

    fn open(&self) -> Result<MutexGuard<'_, Kept>, LogError> {
        let kept = self.channel.kept();
        if self.process.ended() || kept.removed { Err(LogError::Closed) } else { Ok(kept) }
    }

    /// Looks at a lane.
    fn lane<T>(&self, lane: Lane, look: impl FnOnce(&mut Shelf) -> T) -> Result<T, LogError> {
        self.open()?.lane(lane).map(look)
    }

    /// Looks at a lane's records, which a test may have made unreadable.
    pub(crate) fn readable<T>(&self, lane: Lane, look: impl FnOnce(&mut Shelf) -> T) -> Result<T, LogError> {
        if strikes(&self.process.switches.failed_reads) {
            return Err(LogError::Unavailable("a test made this read fail".to_owned()));
        }
        self.lane(lane, look)
    }
}

#[async_trait]
impl Log for MemoryLog {
    fn configure(&self, options: &ChannelOptions) {
        self.channel.kept().set_budget(options.byte_budget);
    }

    fn lanes(&self) -> u32 {
        self.channel.event_lanes()
    }

    fn ownership(&self) -> mpsc::Receiver<LaneChange> {
        self.channel.listen(self.process.id)
    }

    async fn append(&self, lane: Lane, entries: Vec<Entry>) -> Result<(), AppendError> {
        let unavailable = |e: LogError| AppendError::Unavailable(e.to_string());
        if strikes(&self.process.switches.refused_appends) {
            return Err(AppendError::Unavailable("a test made this append fail".to_owned()));
        }
        self.open().map_err(unavailable)?.append(lane, entries)?;
        self.channel.grown(lane);
        if strikes(&self.process.switches.unanswered_appends) {
            return Err(AppendError::Unavailable("a test lost the answer to this append".to_owned()));
        }
        Ok(())
    }

    fn read(&self, lane: Lane, from: Position) -> Box<dyn Reader> {
        Box::new(MemoryReader { log: self.clone(), lane, next: from, tail: self.channel.tail(lane) })
    }

    async fn get(&self, lane: Lane, positions: &[Position]) -> Result<Vec<(Position, Entry)>, LogError> {
        self.readable(lane, |lane| {
            positions.iter().filter_map(|position| Some((*position, lane.get(*position)?))).collect()
        })
    }

    async fn first(&self, lane: Lane) -> Result<Position, LogError> {
        self.lane(lane, |lane| lane.first())
    }

    async fn end(&self, lane: Lane) -> Result<Position, LogError> {
        self.lane(lane, |lane| lane.end())
    }

    async fn position_at(&self, lane: Lane, time: Timestamp) -> Result<Position, LogError> {
        self.lane(lane, |lane| lane.position_at(time))
    }

    async fn truncate(&self, lane: Lane, below: Position) -> Result<(), LogError> {
        self.lane(lane, |lane| lane.truncate(below))
    }

    async fn put_state(&self, lane: Lane, write: StateWrite) -> Result<(), StateError> {
        let unavailable = |e: LogError| StateError::Unavailable(e.to_string());
        check_pieces(&write)?;
        let mut kept = self.channel.kept();
        let shelf = kept.lane(lane).map_err(unavailable)?;
        if shelf.owner != Some(self.process.id) {
            return Err(StateError::Fenced);
        }
        if strikes(&self.process.switches.failed_state) {
            return Err(StateError::Unavailable("a test made this write fail".to_owned()));
        }
        if self.process.ended() {
            return Err(unavailable(LogError::Closed));
        }
        shelf.put_state(write);
        Ok(())
    }

    async fn load_state(&self, lane: Lane) -> Result<Vec<Bytes>, LogError> {
        self.lane(lane, |lane| lane.state().to_vec())
    }

    fn bytes(&self) -> u64 {
        self.channel.kept().bytes()
    }
}

fn check_pieces(write: &StateWrite) -> Result<(), StateError> {
    let pieces = match write {
        StateWrite::Change(piece) => std::slice::from_ref(piece),
        StateWrite::Snapshot(pieces) => pieces,
    };
    match pieces.iter().map(Bytes::len).max() {
        Some(size) if size > MAX_PIECE => {
            Err(StateError::Unavailable(format!("a piece has {size} bytes, at most {MAX_PIECE} are allowed")))
        }
        _ => Ok(()),
    }
}
