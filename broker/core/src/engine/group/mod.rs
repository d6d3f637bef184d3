//! One group in one lane: what is lent, what waits, what is held, where it reads. No I/O and no clock of its own.
//!
//! ```text
//!   done, but the exceptions in `open`      │ matched, not lent        │ not read for this group
//!   ──── x ── x ───────────── x ─────────── │ ─── queue ────────────── │ ─────────────────────▶
//!                                       queue.front              cursor, or the shared head
//! ```

mod due;
mod lending;
mod moving;
mod probing;
mod reading;
mod saving;
mod settling;

use super::budget::Budget;
use super::clock::spread;
use super::keys::Keys;
use super::state::StoredGroup;
use crate::returns::Returns;
use crate::{Delivery, GroupName, GroupSpec, Lane, Position};
use event::{Record, Timestamp};
use probing::Probing;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

/// Events that are matched and kept in memory ahead of the window, at most, per group and lane.
pub(crate) const LOOK_AHEAD: usize = 1000;
/// How long a delivery that was dropped unsettled rests, so that one that panics its worker does not spin.
const REST: Duration = Duration::from_millis(100);
/// In the timers: not an event, but the group's next probe.
pub(crate) const PROBE: Position = Position::MAX;

/// What a group needs of its lane while it changes.
pub(crate) struct Surroundings<'a> {
    pub(crate) lane: Lane,
    pub(crate) now: Timestamp,
    pub(crate) timers: &'a mut BTreeSet<(Timestamp, u32, Position)>,
    pub(crate) back: &'a Arc<Returns>,
    pub(crate) queued: &'a Budget,
}

/// An event that is not done and lies below the group's cursor.
#[derive(Debug)]
pub(crate) struct Open {
    /// Failed attempts so far.
    pub(crate) attempts: u32,
    pub(crate) due: Timestamp,
    pub(crate) origin: Position,
    pub(crate) key: Option<u64>,
    pub(crate) phase: Phase,
    pub(crate) accepted_at: Timestamp,
    /// Lent, or about to be, before it is due.
    probe: bool,
    /// The durable state knows it.
    stored: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// With the dispatcher.
    Lent,
    /// Until `due`.
    Waiting,
    /// Due; to be read from the log when there is room.
    Due,
    /// Being read from the log.
    Fetching,
    /// Read; to be lent when there is room.
    Ready,
    /// Behind an earlier event of its key.
    Held,
    /// Appended again further on; ends when the head reads it there.
    Moving,
}

/// An event that was matched and is not lent yet.
#[derive(Debug)]
struct Queued {
    at: Position,
    record: Arc<Record>,
    /// Bytes taken from the shared budget; none for the first in the queue, so that no group ever starves.
    charged: usize,
}

/// One group in one lane.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) id: u32,
    pub(crate) name: GroupName,
    pub(crate) incarnation: Arc<str>,
    pub(crate) spec: Option<Arc<GroupSpec>>,
    /// Since when nobody wants it; zero when somebody does.
    pub(crate) parked: Timestamp,
    /// The record that removes it is in the lane or on its way there: who wants the group again needs a new one.
    pub(crate) ending: bool,
    pub(crate) subscriber: Option<UnboundedSender<Delivery>>,
    /// Where a group reads that is behind the shared head; `None`: it is on the head.
    pub(crate) cursor: Option<Position>,
    /// When the event at the cursor was accepted, as far as known.
    pub(crate) behind_since: Timestamp,
    pub(crate) unreachable: bool,
    probing: Probing,
    pub(crate) open: BTreeMap<Position, Open>,
    /// Done although the cursor has not come to them: an earlier owner of the lane concluded them.
    done: BTreeSet<Position>,
    /// So many open events are counted in the process's bound.
    counted: usize,
    /// That bound is reached.
    crowded: bool,
    queue: VecDeque<Queued>,
    ready: VecDeque<(Position, Arc<Record>)>,
    due: BTreeSet<Position>,
    keys: Keys,
    /// Where events lie, or lay until they were done, that were appended again and not read there yet: by origin.
    moving: HashMap<Position, Position>,
    /// It is among those that its lane will touch.
    pub(crate) noted: bool,
    /// Asks for more when no more than this is queued.
    hungry_below: usize,
    lent: usize,
    fetching: usize,
    touched: Vec<Position>,
    closed: Vec<Position>,
    /// Something changed that must not be forgotten for long: attempts, or the end of what was stored as open.
    urgent: bool,
    stored_cursor: Option<Position>,
    stored_parked: Timestamp,
}

impl Group {
    pub(crate) fn new(id: u32, name: GroupName, incarnation: &str, cursor: Option<Position>) -> Self {
        Self {
            id,
            name,
            incarnation: incarnation.into(),
            spec: None,
            parked: Timestamp::default(),
            ending: false,
            subscriber: None,
            cursor,
            behind_since: Timestamp::default(),
            unreachable: false,
            probing: Probing::default(),
            open: BTreeMap::new(),
            done: BTreeSet::new(),
            counted: 0,
            crowded: false,
            queue: VecDeque::new(),
            ready: VecDeque::new(),
            due: BTreeSet::new(),
            keys: Keys::default(),
            moving: HashMap::new(),
            noted: false,
            hungry_below: LOOK_AHEAD / 2,
            lent: 0,
            fetching: 0,
            touched: Vec::new(),
            closed: Vec::new(),
            urgent: false,
            stored_cursor: None,
            stored_parked: Timestamp::default(),
        }
    }

    /// A group as the durable state has it. It is behind until it joins the head.
    pub(crate) fn load(
        id: u32,
        stored: &StoredGroup,
        frontier: Position,
        near: &mut Surroundings<'_>,
    ) -> Self {
        let name = stored.name.clone().unwrap_or_else(|| GroupName::from(""));
        let mut group = Self::new(id, name, &stored.incarnation, Some(stored.cursor.unwrap_or(frontier)));
        group.parked = stored.parked;
        group.stored_parked = stored.parked;
        group.stored_cursor = stored.cursor;
        group.done = stored.done.iter().copied().filter(|at| Some(*at) >= group.cursor).collect();
        let overdue = stored.open.values().filter(|o| o.due <= near.now).count();
        let window = spread(overdue);
        let mut nth = 0u32;
        let mut by_origin: Vec<_> = stored.open.iter().collect();
        by_origin.sort_by_key(|(_, o)| o.origin);
        for (at, o) in by_origin {
            let front = o.key.is_none_or(|key| group.keys.enter(key, o.origin));
            if o.origin != *at
                && let Some(key) = o.key
            {
                group.keys.arrive(key, o.origin, *at);
            }
            let due = if o.due > near.now {
                o.due
            } else {
                nth += 1;
                near.now.plus(window.mul_f64(f64::from(nth) / overdue.max(1) as f64))
            };
            let phase = if front { Phase::Waiting } else { Phase::Held };
            let open = Open {
                attempts: o.attempts,
                due,
                origin: o.origin,
                key: o.key,
                phase,
                accepted_at: Timestamp::default(),
                probe: false,
                stored: true,
            };
            if front {
                near.timers.insert((due, id, *at));
            }
            group.open.insert(*at, open);
        }
        group
    }

    /// Counts what is open in the process's bound.
    pub(crate) fn count_open(&mut self, bound: &Budget) {
        bound.recount(self.counted, self.open.len());
        self.counted = self.open.len();
        self.crowded = bound.is_used_up();
    }

    /// Gives back everything that is counted in bounds of the process, for a group that ends here.
    pub(crate) fn uncount(&mut self, open: &Budget, near: &mut Surroundings<'_>) {
        self.give_up_queue(near);
        open.give(std::mem::take(&mut self.counted));
    }

    /// Lent at the moment.
    pub(crate) fn in_flight(&self) -> usize {
        self.lent
    }

    /// Matched and not lent.
    pub(crate) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// When the oldest event was accepted that is not done, as far as known.
    pub(crate) fn oldest_accepted(&self) -> Option<Timestamp> {
        let open = self.open.values().map(|o| o.accepted_at).filter(|t| t.0 > 0).min();
        let queued = self.queue.front().map(|q| q.record.envelope.accepted_at);
        let behind = self.cursor.is_some().then_some(self.behind_since).filter(|t| t.0 > 0);
        [open, queued, behind].into_iter().flatten().min()
    }

    /// Clips waits that were stored before a clock jumped.
    pub(crate) fn clip_waits(&mut self, longest: Duration, near: &mut Surroundings<'_>) {
        let latest = near.now.plus(longest);
        let late: Vec<Position> = self
            .open
            .iter()
            .filter(|(_, o)| o.phase == Phase::Waiting && o.due > latest)
            .map(|(at, _)| *at)
            .collect();
        for at in late {
            if let Some(open) = self.open.get_mut(&at) {
                open.due = latest;
            }
            self.wait(at, near);
        }
    }
}
