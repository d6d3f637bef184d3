//! One channel: its lanes, its budget, and those who wait at a tail.

use crate::lane::{self, Lane};
use broker_core::{AppendError, Entry, Lane as LaneId, LaneChange, LogError};
use event::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, watch};

/// Bytes that a channel may hold when nobody said.
const DEFAULT_BUDGET: u64 = 256 * 1024 * 1024;

/// What is kept of one channel; it outlives the process that a test plays.
#[derive(Debug)]
pub(crate) struct Channel {
    kept: Mutex<Kept>,
    tails: BTreeMap<LaneId, watch::Sender<()>>,
    listener: Mutex<Option<mpsc::Sender<LaneChange>>>,
}

#[derive(Debug)]
pub(crate) struct Kept {
    lanes: BTreeMap<LaneId, Lane>,
    budget: u64,
    /// The process that opened it last; 0: none yet.
    process: u64,
    pub(crate) removed: bool,
}

impl Channel {
    pub(crate) fn new(lanes: u32) -> Self {
        let ids = || (0..lanes).map(LaneId).chain([LaneId::DEAD_LETTERS]);
        let kept = Kept {
            lanes: ids().map(|id| (id, Lane::default())).collect(),
            budget: DEFAULT_BUDGET,
            process: 0,
            removed: false,
        };
        Self {
            kept: Mutex::new(kept),
            tails: ids().map(|id| (id, watch::Sender::new(()))).collect(),
            listener: Mutex::default(),
        }
    }

    pub(crate) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many event lanes there are.
    pub(crate) fn event_lanes(&self) -> u32 {
        self.tails.range(..LaneId::DEAD_LETTERS).count() as u32
    }

    /// Wakes when the lane has grown, or when its channel or process is gone. A lane that does not exist
    /// gives a tail that has ended.
    pub(crate) fn tail(&self, lane: LaneId) -> watch::Receiver<()> {
        self.tails.get(&lane).map_or_else(|| watch::channel(()).1, watch::Sender::subscribe)
    }

    /// Wakes those who wait at the lane's tail.
    pub(crate) fn grown(&self, lane: LaneId) {
        if let Some(tail) = self.tails.get(&lane) {
            tail.send_replace(());
        }
    }

    /// Wakes everybody, so that they see that the channel or the process is gone.
    pub(crate) fn wake_all(&self) {
        for tail in self.tails.values() {
            tail.send_replace(());
        }
    }

    /// Gives all lanes to a process that is new here: what an earlier one writes is fenced from now on.
    pub(crate) fn welcome(&self, process: u64) {
        let mut kept = self.kept();
        if kept.process != process {
            kept.process = process;
            kept.lanes.values_mut().for_each(|lane| lane.owner = Some(process));
        }
    }

    /// Listens to changes of ownership from now on, in place of an earlier listener.
    pub(crate) fn listen(&self, process: u64) -> mpsc::Receiver<LaneChange> {
        let owned: Vec<_> =
            self.kept().lanes.iter().filter(|(_, l)| l.owner == Some(process)).map(|(id, _)| *id).collect();
        // Room for every lane twice: a change that a test makes waits when the listener does not keep up.
        let (sender, receiver) = mpsc::channel(2 * self.tails.len());
        for lane in owned {
            sender.try_send(LaneChange::Gained(lane)).expect("the queue has room for every lane");
        }
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        receiver
    }

    /// Tells the listener, if there is one.
    pub(crate) async fn tell(&self, change: LaneChange) {
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(listener) = listener {
            // A listener that has left does not care.
            let _ = listener.send(change).await;
        }
    }

    /// Ends the listener's queue: the process it belonged to is gone.
    pub(crate) fn hang_up(&self) {
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Kept {
    pub(crate) fn lane(&mut self, id: LaneId) -> Result<&mut Lane, LogError> {
        self.lanes.get_mut(&id).ok_or_else(|| LogError::Unavailable(format!("there is no lane {}", id.0)))
    }

    pub(crate) fn set_budget(&mut self, budget: Option<u64>) {
        self.budget = budget.unwrap_or(DEFAULT_BUDGET);
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.lanes.values().map(Lane::bytes).sum()
    }

    /// Appends all or nothing.
    pub(crate) fn append(&mut self, id: LaneId, entries: Vec<Entry>) -> Result<(), AppendError> {
        let used = self.event_bytes();
        let goes_on = matches!(entries.last(), Some(Entry::Done(_)));
        if !goes_on
            && entries.iter().any(needs_room)
            && used + entries.iter().map(lane::size).sum::<u64>() > self.budget
        {
            return Err(AppendError::Full { used, budget: self.budget, pinned: None });
        }
        let lane = self.lane(id).map_err(|e| AppendError::Unavailable(e.to_string()))?;
        lane.append(entries, Timestamp::now());
        Ok(())
    }

    fn event_bytes(&self) -> u64 {
        self.lanes.range(..LaneId::DEAD_LETTERS).map(|(_, lane)| lane.bytes()).sum()
    }
}

/// True for what the budget can refuse; the rest makes room in the end. The dead letter store bounds its letters.
fn needs_room(entry: &Entry) -> bool {
    matches!(entry, Entry::Event(record) if record.envelope.origin.is_none())
}
