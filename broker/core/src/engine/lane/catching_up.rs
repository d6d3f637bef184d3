//! The catch-up head: one reader that carries groups which are behind, in turns, until they join the shared head.

use super::{LaneTask, RETRY};
use crate::{Batch, Entry, LogError, Position, Reader};
use event::{Audience, Record};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// How long one sweep may go on before others get their turn.
const SLICE: Duration = Duration::from_millis(500);
/// A reader that brings nothing for so long gives its place to others: what it looks for may be gone.
const STALL: Duration = Duration::from_secs(1);

/// A catch-up under way. It holds one of the process's few places.
pub(super) struct Sweep {
    reader: Box<dyn Reader>,
    /// Everything below was read by this sweep.
    at: Position,
    ends: Instant,
    /// When it has waited too long for its next batch.
    stalls: Instant,
    _place: OwnedSemaphorePermit,
}

/// The groups that one batch is offered to.
struct Carried {
    /// Read along: whatever matches is offered to them.
    aboard: BTreeSet<u32>,
    /// Those that the sweep has yet to reach, the nearest last.
    ahead: Vec<(Position, u32)>,
    /// Those that were offered something.
    touched: BTreeSet<u32>,
}

impl Sweep {
    /// The next batch. Cancel safe.
    pub(super) async fn next(&mut self) -> Result<Batch, LogError> {
        match tokio::time::timeout_at(self.stalls, self.reader.next()).await {
            Ok(batch) => batch,
            Err(_) => Err(LogError::Unavailable(format!("nothing was read for {STALL:?}"))),
        }
    }
}

impl LaneTask {
    /// Asks for a place when somebody is hungry.
    pub(super) fn want_sweep(&mut self) {
        if self.hungry.is_empty() || self.sweep.is_some() || self.permit.is_some() {
            return;
        }
        self.permit = Some(Box::pin(place(self.shared.catch_up.clone())));
    }

    /// Starts at the next hungry group's cursor; those that are met on the way are carried too.
    pub(super) fn start_sweep(&mut self, place: OwnedSemaphorePermit) {
        self.join_head();
        let after = self.hungry.range(self.turn.saturating_add(1)..).next();
        let Some(turn) = after.or_else(|| self.hungry.first()).copied() else { return };
        self.turn = turn;
        let Some(at) = self.group(turn).and_then(|g| g.cursor) else {
            self.hungry.remove(&turn);
            return;
        };
        let reader = self.log.read(self.lane, at);
        let now = Instant::now();
        self.sweep = Some(Sweep { reader, at, ends: now + SLICE, stalls: now + STALL, _place: place });
    }

    /// A batch of the catch-up was read.
    pub(super) fn swept(&mut self, batch: Result<Batch, LogError>) {
        let Some(mut sweep) = self.sweep.take() else { return };
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => {
                tracing::warn!(lane = self.lane.0, %error, "catching up was interrupted");
                let places = self.shared.catch_up.clone();
                self.permit = Some(Box::pin(async move {
                    tokio::time::sleep(RETRY).await;
                    place(places).await
                }));
                return;
            }
        };
        let next = batch.next.min(self.head).max(sweep.at);
        let mut carried = self.board(sweep.at, next);
        for (at, entry) in batch.entries {
            if at >= self.head {
                break;
            }
            if let Entry::Event(record) = entry {
                carried.reach(at);
                self.offer_behind(at, &record, &mut carried);
            }
        }
        sweep.at = next;
        self.land(carried, next);
        // A sweep ends when its time is up, when it is at the head, or when nobody goes on with it.
        let goes_on = |id: &u32| self.group(*id).is_some_and(|g| g.cursor == Some(next));
        if next < self.head && Instant::now() < sweep.ends && self.hungry.iter().any(goes_on) {
            sweep.stalls = Instant::now() + STALL;
            self.sweep = Some(sweep);
        }
    }

    /// The groups that are carried over `from..to`.
    fn board(&self, from: Position, to: Position) -> Carried {
        let cursors = self.hungry.iter().filter_map(|id| Some((self.group(*id)?.cursor?, *id)));
        let mut ahead: Vec<(Position, u32)> = cursors.filter(|(at, _)| (from..to).contains(at)).collect();
        ahead.sort_unstable_by(|a, b| b.cmp(a));
        Carried { aboard: BTreeSet::new(), ahead, touched: BTreeSet::new() }
    }

    fn offer_behind(&mut self, at: Position, record: &Arc<Record>, carried: &mut Carried) {
        match &record.envelope.audience {
            Audience::All => {
                let mut matched = std::mem::take(&mut self.matched);
                self.behind.matches(&record.event, &mut matched);
                for id in &matched {
                    if carried.aboard.contains(id) {
                        self.carry(*id, at, record, carried, |lane| {
                            lane.with(*id, |group, near| group.offer(at, record, near)).unwrap_or(true)
                        });
                    }
                }
                self.matched = matched;
            }
            Audience::Groups(addressees) => {
                for addressee in addressees {
                    if let Some(id) = self.names.get(addressee.group.as_str()).copied()
                        && carried.aboard.contains(&id)
                    {
                        self.carry(id, at, record, carried, |lane| lane.hand_over(id, at, record, addressee));
                    }
                }
            }
        }
    }

    /// Offers a record to a group that is carried; who has no room leaves.
    fn carry(
        &mut self,
        id: u32,
        at: Position,
        record: &Record,
        carried: &mut Carried,
        offer: impl FnOnce(&mut Self) -> bool,
    ) {
        self.with(id, |group, _| group.behind_since = record.envelope.accepted_at);
        if !offer(self) {
            // From here it asks again when it has room.
            self.with(id, |group, _| group.cursor = Some(at));
            carried.aboard.remove(&id);
        }
        carried.touched.insert(id);
    }

    /// The batch is done: those still aboard have read everything below `at`.
    fn land(&mut self, mut carried: Carried, at: Position) {
        carried.reach(at);
        for id in &carried.aboard {
            self.with(*id, |group, _| group.cursor = Some(at));
        }
        for id in carried.aboard.union(&carried.touched) {
            self.touch(*id);
        }
        self.join_head();
    }

    /// Groups that have come as far as the shared head stand on it from now on: no gap, no double.
    fn join_head(&mut self) {
        let head = self.head;
        let joining: Vec<u32> = self
            .hungry
            .iter()
            .filter(|id| self.group(**id).is_some_and(|g| g.cursor == Some(head) && g.fits_the_head()))
            .copied()
            .collect();
        for id in joining {
            self.with(id, |group, _| group.cursor = None);
            self.place(id);
            self.touch(id);
        }
    }
}

/// One of the process's places, when there is one.
async fn place(places: Arc<Semaphore>) -> OwnedSemaphorePermit {
    match places.acquire_owned().await {
        Ok(place) => place,
        // Closed only when the process ends.
        Err(_) => std::future::pending().await,
    }
}

impl Carried {
    /// The sweep is at `at`: groups whose cursor is not above it come aboard.
    fn reach(&mut self, at: Position) {
        while let Some((cursor, id)) = self.ahead.last().copied()
            && cursor <= at
        {
            self.ahead.pop();
            self.aboard.insert(id);
        }
    }
}
