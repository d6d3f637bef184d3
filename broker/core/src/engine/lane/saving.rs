//! The lane's durable state: changes in batches, a snapshot when they outweigh it.

use super::{LaneTask, RETRY};
use crate::engine::state::{Change, pieces};
use crate::{Position, StateError, StateWrite};
use bytes::Bytes;
use futures::future::BoxFuture;
use std::time::Duration;
use tokio::time::Instant;

/// What must not be repeated, or is much, waits this long for others.
const BATCH: Duration = Duration::from_millis(100);
/// So many records read since the last write are much.
const MUCH: Position = 1000;
/// A few events that were lent and acked in between are written this late: after a crash they are repeated. A
/// thousand quiet channels would write more state than events otherwise.
const PROGRESS: Duration = Duration::from_millis(500);
/// Changes weigh at least this before a snapshot replaces them.
const LEAST_FOR_SNAPSHOT: usize = 64 * 1024;

/// How far the durable state is.
#[derive(Debug)]
pub(super) struct Saving {
    /// The frontier as it was last handed to the log.
    handed: Position,
    /// When the oldest unwritten change is written at the latest.
    deadline: Option<Instant>,
    /// Bytes of changes since the last snapshot, and bytes of that snapshot.
    changed: usize,
    snapshot: usize,
    /// What nobody needs any more once the write under way is durable.
    pub(super) low_when_saved: Position,
    /// What nobody needs any more, by the durable state.
    pub(super) low: Position,
}

impl Saving {
    pub(super) fn new(head: Position) -> Self {
        // The first write is a snapshot: it also folds what earlier lives left.
        Self { handed: head, deadline: None, changed: usize::MAX / 2, snapshot: 0, low_when_saved: 0, low: 0 }
    }

    /// The head moved to `head`.
    pub(super) fn note_progress(&mut self, head: Position) {
        self.due_within(if head - self.handed >= MUCH { BATCH } else { PROGRESS });
    }

    /// A group changed.
    pub(super) fn note_change(&mut self, urgent: bool) {
        self.due_within(if urgent { BATCH } else { PROGRESS });
    }

    fn due_within(&mut self, wait: Duration) {
        let at = Instant::now() + wait;
        self.deadline = Some(self.deadline.map_or(at, |d| d.min(at)));
    }

    fn wants_snapshot(&self) -> bool {
        self.changed > LEAST_FOR_SNAPSHOT.max(2 * self.snapshot)
    }
}

impl LaneTask {
    /// When the state has to be written; none while a write is under way.
    pub(super) fn next_save(&self) -> Option<Instant> {
        if self.save.is_some() { None } else { self.saving.deadline }
    }

    pub(super) fn save_if_time(&mut self) {
        if !self.changes.is_empty() {
            self.saving.due_within(BATCH);
        }
        if self.next_save().is_some_and(|at| at <= Instant::now()) {
            self.save_now();
        }
    }

    /// Hands everything that changed to the log, one write at a time.
    pub(super) fn save_now(&mut self) {
        self.saving.deadline = None;
        let snapshot = self.saving.wants_snapshot();
        let changes = if snapshot { self.snapshot() } else { self.take_changes() };
        if changes.is_empty() {
            return;
        }
        self.saving.low_when_saved = self.lowest_needed();
        let pieces = pieces(&changes);
        let bytes: usize = pieces.iter().map(Bytes::len).sum();
        if snapshot {
            (self.saving.snapshot, self.saving.changed) = (bytes, 0);
        } else {
            self.saving.changed += bytes;
        }
        self.save = Some(self.write(snapshot, pieces));
    }

    fn write(&self, snapshot: bool, pieces: Vec<Bytes>) -> BoxFuture<'static, Result<(), StateError>> {
        let (log, lane) = (self.log.clone(), self.lane);
        let writes: Vec<StateWrite> = if snapshot {
            vec![StateWrite::Snapshot(pieces)]
        } else {
            pieces.into_iter().map(StateWrite::Change).collect()
        };
        Box::pin(async move {
            for write in writes {
                // Each write relies on those before it: none is skipped, however long it takes.
                while let Err(error) = log.put_state(lane, write.clone()).await {
                    match error {
                        StateError::Fenced => return Err(error),
                        StateError::Unavailable(why) => {
                            tracing::warn!(
                                lane = lane.0,
                                why,
                                "the lane's state cannot be written, trying again"
                            );
                            tokio::time::sleep(RETRY).await;
                        }
                    }
                }
            }
            Ok(())
        })
    }

    /// What was handed to the log is durable.
    pub(super) fn saved(&mut self) {
        self.saving.low = self.saving.low.max(self.saving.low_when_saved);
    }

    fn take_changes(&mut self) -> Vec<Change> {
        let mut first = std::mem::take(&mut self.changes);
        let mut last = Vec::new();
        for id in std::mem::take(&mut self.dirty) {
            if let Some(group) = self.groups.get_mut(id as usize).and_then(Option::as_deref_mut) {
                group.forget_done(self.head);
                group.take_changes(&mut first, &mut last);
                if let Some(gauges) = self.gauges.get(&id) {
                    gauges.show(group);
                }
            }
        }
        first.append(&mut last);
        if self.head != self.saving.handed {
            self.saving.handed = self.head;
            first.push(Change::Frontier { at: self.head });
        }
        first
    }

    fn snapshot(&mut self) -> Vec<Change> {
        // Shows the gauges, and what it returns is contained in the snapshot.
        self.take_changes();
        let mut changes = Vec::new();
        for group in self.groups.iter_mut().flatten() {
            group.snapshot(&mut changes);
        }
        changes.push(Change::Frontier { at: self.head });
        changes
    }

    /// Everything below is finished for every group, as of what is being written.
    fn lowest_needed(&self) -> Position {
        self.busy
            .iter()
            .filter_map(|id| self.group(*id)?.oldest())
            .min()
            .map_or(self.saving.handed, |oldest| oldest.min(self.saving.handed))
    }
}
