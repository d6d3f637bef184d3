//! One group in one lane: what is lent, what waits, what is held, where it reads. No I/O and no clock of its own.
//!
//! ```text
//!   done, but the exceptions in `open`      │ matched, not lent        │ not read for this group
//!   ──── x ── x ───────────── x ─────────── │ ─── queue ────────────── │ ─────────────────────▶
//!                                       queue.front              cursor, or the shared head
//! ```

use super::clock::spread;
use super::keys::{Keys, key_of};
use super::state::{Change, StoredGroup};
use crate::channel::{Loan, Settled};
use crate::{Delivery, GroupName, GroupSpec, Lane, Order, Outcome, Position};
use event::{Addressee, Record, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

/// Events that are matched and kept in memory ahead of the window, at most, per group and lane.
pub(crate) const LOOK_AHEAD: usize = 1000;
/// How often an event probes a sink that could not be reached.
const PROBE_EVERY: Duration = Duration::from_secs(2);
/// How long a delivery that was dropped unsettled rests, so that one that panics its worker does not spin.
const REST: Duration = Duration::from_millis(100);
/// In the timers: not an event, but the group's next probe.
pub(crate) const PROBE: Position = Position::MAX;

/// What a group needs of its lane while it changes.
pub(crate) struct Surroundings<'a> {
    pub(crate) lane: Lane,
    pub(crate) now: Timestamp,
    pub(crate) timers: &'a mut BTreeSet<(Timestamp, u32, Position)>,
    pub(crate) back: &'a UnboundedSender<Settled>,
    pub(crate) queued: &'a super::budget::Budget,
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
    pub(crate) incarnation: String,
    pub(crate) spec: Option<Arc<GroupSpec>>,
    /// Since when nobody wants it; zero when somebody does.
    pub(crate) parked: Timestamp,
    pub(crate) subscriber: Option<UnboundedSender<Delivery>>,
    /// Where a group reads that is behind the shared head; `None`: it is on the head.
    pub(crate) cursor: Option<Position>,
    /// When the event at the cursor was accepted, as far as known.
    pub(crate) behind_since: Timestamp,
    pub(crate) unreachable: bool,
    pub(crate) open: BTreeMap<Position, Open>,
    queue: VecDeque<Queued>,
    ready: VecDeque<(Position, Arc<Record>)>,
    due: BTreeSet<Position>,
    keys: Keys,
    /// Where events lie that are being moved forward, by origin.
    moving: HashMap<Position, Position>,
    /// Asks for more when no more than this is queued.
    hungry_below: usize,
    lent: usize,
    fetching: usize,
    touched: Vec<Position>,
    closed: Vec<Position>,
    stored_cursor: Option<Position>,
    stored_parked: Timestamp,
}

impl Group {
    pub(crate) fn new(id: u32, name: GroupName, incarnation: String, cursor: Option<Position>) -> Self {
        Self {
            id,
            name,
            incarnation,
            spec: None,
            parked: Timestamp::default(),
            subscriber: None,
            cursor,
            behind_since: Timestamp::default(),
            unreachable: false,
            open: BTreeMap::new(),
            queue: VecDeque::new(),
            ready: VecDeque::new(),
            due: BTreeSet::new(),
            keys: Keys::default(),
            moving: HashMap::new(),
            hungry_below: LOOK_AHEAD / 2,
            lent: 0,
            fetching: 0,
            touched: Vec::new(),
            closed: Vec::new(),
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
        let mut group =
            Self::new(id, name, stored.incarnation.clone(), Some(stored.cursor.unwrap_or(frontier)));
        group.parked = stored.parked;
        group.stored_parked = stored.parked;
        group.stored_cursor = stored.cursor;
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

    // === reading on ===

    /// True when the group takes part in deliveries at all.
    fn is_active(&self) -> bool {
        self.subscriber.is_some() && self.spec.as_ref().is_some_and(|s| !s.paused)
    }

    /// True when a catch-up head should carry the group.
    pub(crate) fn is_hungry(&self) -> bool {
        self.cursor.is_some()
            && self.is_active()
            && self.has_waiting_room()
            && if self.unreachable {
                self.open.is_empty() && self.queue.is_empty()
            } else {
                self.queue.len() <= self.hungry_below
            }
    }

    /// True when the group may stand on the shared head.
    pub(crate) fn fits_the_head(&self) -> bool {
        self.is_active() && !self.unreachable && self.has_waiting_room() && self.queue.len() <= LOOK_AHEAD / 2
    }

    fn has_waiting_room(&self) -> bool {
        self.spec.as_ref().is_some_and(|s| self.open.len() - self.lent.min(self.open.len()) < s.max_waiting)
    }

    /// Takes a matching event that was read at `at`. False: no room, the group must fall behind at `at`.
    pub(crate) fn offer(&mut self, at: Position, record: &Arc<Record>, near: &mut Surroundings<'_>) -> bool {
        if self.open.contains_key(&at) {
            return true;
        }
        if self.unreachable && !(self.open.is_empty() && self.queue.is_empty()) {
            return false;
        }
        let charged = if self.queue.is_empty() { 0 } else { record.event.size() };
        if self.queue.len() >= LOOK_AHEAD || !self.is_active() || !near.queued.take(charged) {
            self.hungry_below = self.queue.len() / 2;
            return false;
        }
        self.queue.push_back(Queued { at, record: record.clone(), charged });
        self.lend_ready(near);
        true
    }

    /// Takes a record that is addressed to this group, whatever its filter says.
    pub(crate) fn receive(
        &mut self,
        at: Position,
        record: &Arc<Record>,
        attempts: u32,
        due: Timestamp,
        near: &mut Surroundings<'_>,
    ) {
        if self.open.contains_key(&at) {
            return;
        }
        let moved = record.envelope.origin.is_some();
        let origin = record.envelope.origin.unwrap_or(at);
        if let Some(old) = self.moving.remove(&origin)
            && self.open.remove(&old).is_some_and(|o| o.stored)
        {
            self.closed.push(old);
        }
        // A redrive is out of order; one that was moved keeps its place in its key's line.
        let key = if moved && self.is_ordered() { key_of(&record.event) } else { None };
        let front = key.is_none_or(|key| {
            self.keys.arrive(key, origin, at).unwrap_or_else(|| self.keys.enter(key, origin))
        });
        let due = due.max(near.now);
        let phase = if front { Phase::Waiting } else { Phase::Held };
        if front {
            near.timers.insert((due, self.id, at));
        }
        let accepted_at = record.envelope.accepted_at;
        self.insert(at, Open { attempts, due, origin, key, phase, accepted_at, probe: false, stored: false });
    }

    /// Leaves the head, or goes back to what was matched and not lent. The queue is given up: it is read again.
    pub(crate) fn rewind(&mut self, head: Position, near: &mut Surroundings<'_>) {
        let front = self.queue.front().map(|q| (q.at, q.record.envelope.accepted_at));
        if let Some((at, accepted)) = front {
            self.cursor = Some(at);
            self.behind_since = accepted;
        } else if self.cursor.is_none() {
            self.cursor = Some(head);
            self.behind_since = near.now;
        }
        self.give_up_queue(near);
    }

    /// Gives back the budget of what is queued; the caller sees to it that it is read again or not wanted.
    pub(crate) fn give_up_queue(&mut self, near: &mut Surroundings<'_>) {
        for queued in self.queue.drain(..) {
            near.queued.give(queued.charged);
        }
    }

    // === lending ===

    fn is_ordered(&self) -> bool {
        self.spec.as_ref().is_some_and(|s| s.order == Order::Key)
    }

    fn window(&self) -> usize {
        if self.unreachable { 1 } else { self.spec.as_ref().map_or(0, |s| s.window.get()) }
    }

    fn room(&self) -> usize {
        let busy = self.lent + self.fetching + self.ready.len();
        if self.is_active() { self.window().saturating_sub(busy) } else { 0 }
    }

    /// Lends what there is, within the window: what was fetched first, then what was matched.
    pub(crate) fn lend_ready(&mut self, near: &mut Surroundings<'_>) {
        while self.is_active() && self.lent < self.window() {
            if let Some((at, record)) = self.ready.pop_front() {
                self.lend(at, record, near);
            } else if !self.start_next(near) {
                return;
            }
        }
    }

    /// Starts the event at the front of the queue. False: nothing there, or no room to hold it back.
    fn start_next(&mut self, near: &mut Surroundings<'_>) -> bool {
        // What is due goes first: its slots are kept free.
        if self.room() <= self.due.len() || !self.has_waiting_room() {
            return false;
        }
        let Some(Queued { at, record, charged }) = self.queue.pop_front() else { return false };
        near.queued.give(charged);
        let key = if self.is_ordered() { key_of(&record.event) } else { None };
        let front = key.is_none_or(|key| self.keys.enter(key, at));
        let open = Open {
            attempts: 0,
            due: Timestamp::default(),
            origin: at,
            key,
            phase: if front { Phase::Ready } else { Phase::Held },
            accepted_at: record.envelope.accepted_at,
            probe: false,
            stored: false,
        };
        self.insert(at, open);
        if front {
            self.lend(at, record, near);
        }
        true
    }

    fn lend(&mut self, at: Position, record: Arc<Record>, near: &mut Surroundings<'_>) {
        let Some(open) = self.open.get_mut(&at) else { return };
        open.phase = Phase::Lent;
        open.accepted_at = record.envelope.accepted_at;
        let (attempt, probe) = (open.attempts + 1, open.probe);
        self.lent += 1;
        let loan = Loan { group: self.id, token: at, back: Some(near.back.clone()) };
        let delivery = Delivery { record, attempt, probe, lane: near.lane, position: at, loan };
        let gone = match &self.subscriber {
            Some(subscriber) => subscriber.send(delivery).is_err(),
            None => true,
        };
        if gone {
            // The delivery inside the error was dropped just now: it comes back through `settle`.
            self.subscriber = None;
        }
    }

    // === what comes back ===

    /// A loan came back. True when the group must leave the head.
    pub(crate) fn settle(&mut self, at: Position, outcome: Outcome, near: &mut Surroundings<'_>) -> bool {
        let Some(open) = self.open.get_mut(&at).filter(|o| o.phase == Phase::Lent) else { return false };
        self.lent -= 1;
        let was_probe = std::mem::take(&mut open.probe);
        match outcome {
            Outcome::Ack => {
                self.close(at);
                self.reached(near);
            }
            Outcome::Buried => {
                self.close(at);
                self.probe_later(near);
            }
            Outcome::Nack(after) => {
                open.attempts += 1;
                open.due = near.now.plus(after);
                self.wait(at, near);
                self.reached(near);
            }
            Outcome::Unreachable(after) => {
                if !was_probe {
                    open.attempts += 1;
                    open.due = near.now.plus(after);
                }
                self.wait(at, near);
                self.unreachable = true;
                self.probe_later(near);
            }
            Outcome::Return => {
                open.due = near.now.plus(REST);
                self.wait(at, near);
            }
        }
        self.unreachable
    }

    fn wait(&mut self, at: Position, near: &mut Surroundings<'_>) {
        if let Some(open) = self.open.get_mut(&at) {
            open.phase = Phase::Waiting;
            near.timers.insert((open.due, self.id, at));
            self.touched.push(at);
        }
    }

    /// Done: forgotten, and the next event of its key goes on.
    fn close(&mut self, at: Position) {
        let Some(open) = self.open.remove(&at) else { return };
        if open.stored {
            self.closed.push(at);
        }
        if let Some(key) = open.key
            && let Some(next) = self.keys.leave(key, open.origin)
        {
            self.release(next);
        }
    }

    /// An event that was held is at the front of its key's line now.
    fn release(&mut self, at: Position) {
        if let Some(open) = self.open.get_mut(&at).filter(|o| o.phase == Phase::Held) {
            open.phase = Phase::Due;
            self.due.insert(at);
        }
    }

    /// The sink answered: everything that waited for it is due, spread over some seconds.
    fn reached(&mut self, near: &mut Surroundings<'_>) {
        if !std::mem::take(&mut self.unreachable) {
            return;
        }
        let waiting: Vec<Position> =
            self.open.iter().filter(|(_, o)| o.phase == Phase::Waiting).map(|(at, _)| *at).collect();
        let window = spread(waiting.len());
        for (n, at) in waiting.iter().enumerate() {
            let due = near.now.plus(window.mul_f64(n as f64 / waiting.len() as f64));
            if let Some(open) = self.open.get_mut(at).filter(|o| o.due > due) {
                open.due = due;
                self.wait(*at, near);
            }
        }
    }

    fn probe_later(&mut self, near: &mut Surroundings<'_>) {
        near.timers.insert((near.now.plus(PROBE_EVERY), self.id, PROBE));
    }

    /// A timer of this group rang for `at`.
    pub(crate) fn ring(&mut self, at: Position, near: &mut Surroundings<'_>) {
        if at == PROBE {
            return self.probe(near);
        }
        if let Some(open) = self.open.get_mut(&at).filter(|o| o.phase == Phase::Waiting && o.due <= near.now)
        {
            open.phase = Phase::Due;
            self.due.insert(at);
        }
    }

    /// Time to see whether the sink is back: the oldest waiting event goes early.
    fn probe(&mut self, near: &mut Surroundings<'_>) {
        if !self.unreachable {
            return;
        }
        if self.room() > 0 && self.due.is_empty() {
            let oldest = self.open.iter_mut().find(|(_, o)| o.phase == Phase::Waiting);
            if let Some((at, open)) = oldest {
                open.probe = open.due > near.now;
                open.phase = Phase::Due;
                self.due.insert(*at);
            }
        }
        if self.due.is_empty() {
            self.probe_later(near);
        }
    }

    // === due events are read from the log ===

    /// The events to read now; they count as fetching until [`Group::fetched`] or [`Group::missing`].
    pub(crate) fn take_due(&mut self) -> Vec<Position> {
        let mut take = Vec::new();
        while self.room() > 0 {
            let Some(at) = self.due.pop_first() else { break };
            if let Some(open) = self.open.get_mut(&at) {
                open.phase = Phase::Fetching;
                self.fetching += 1;
                take.push(at);
            }
        }
        take
    }

    /// True when events are due and there is room for one.
    pub(crate) fn wants_fetch(&self) -> bool {
        !self.due.is_empty() && self.room() > 0
    }

    /// An event that was asked for was read.
    pub(crate) fn fetched(&mut self, at: Position, record: Arc<Record>) {
        if let Some(open) = self.open.get_mut(&at).filter(|o| o.phase == Phase::Fetching) {
            open.phase = Phase::Ready;
            self.fetching -= 1;
            self.ready.push_back((at, record));
        }
    }

    /// An event that was asked for is no longer in the log (damage). True when it was open.
    pub(crate) fn missing(&mut self, at: Position) -> bool {
        let open = self.open.get(&at).is_some_and(|o| o.phase == Phase::Fetching);
        if open {
            self.fetching -= 1;
            self.close(at);
        }
        open
    }

    /// The read failed: they are due again.
    pub(crate) fn unfetched(&mut self, at: Position) {
        if let Some(open) = self.open.get_mut(&at).filter(|o| o.phase == Phase::Fetching) {
            open.phase = Phase::Due;
            self.fetching -= 1;
            self.due.insert(at);
        }
    }

    // === moving forward ===

    /// Marks old events that wait as moving: those below `below`, at most `limit`. They are not tried before the
    /// head has read them again.
    pub(crate) fn start_moving(&mut self, below: Position, limit: usize) -> Vec<(Position, Addressee)> {
        let mut movers = Vec::new();
        for (at, open) in self.open.range_mut(..below) {
            if movers.len() == limit {
                break;
            }
            if matches!(open.phase, Phase::Waiting | Phase::Held) {
                open.phase = Phase::Moving;
                self.moving.insert(open.origin, *at);
                let group = self.name.to_string();
                movers.push((*at, Addressee { group, attempts: open.attempts, due: open.due }));
            }
        }
        movers
    }

    /// The events could not be appended again: they stay where they are, and are tried at once.
    pub(crate) fn stop_moving(&mut self, at: Position, near: &mut Surroundings<'_>) {
        let Some(open) = self.open.get(&at).filter(|o| o.phase == Phase::Moving) else { return };
        self.moving.remove(&open.origin);
        let held = open.key.is_some_and(|key| !self.keys.is_front(key, open.origin));
        if held {
            if let Some(open) = self.open.get_mut(&at) {
                open.phase = Phase::Held;
            }
        } else {
            self.wait(at, near);
        }
    }

    // === what is durable ===

    /// The oldest position the group still needs; `None`: the frontier.
    pub(crate) fn oldest(&self) -> Option<Position> {
        let open = self.open.first_key_value().map(|(at, _)| *at);
        [open, self.wanted_cursor()].into_iter().flatten().min()
    }

    /// The group's cursor as the durable state must have it.
    fn wanted_cursor(&self) -> Option<Position> {
        self.queue.front().map(|q| q.at).or(self.cursor)
    }

    /// Appends what changed since the last call: exceptions to `first`, positions that rely on them to `last`.
    pub(crate) fn take_changes(&mut self, first: &mut Vec<Change>, last: &mut Vec<Change>) {
        let id = self.id;
        for at in self.touched.drain(..) {
            if let Some(open) = self.open.get_mut(&at) {
                open.stored = true;
                first.push(open_change(id, at, open));
            }
        }
        first.extend(self.closed.drain(..).map(|at| Change::Close { id, at }));
        let cursor = self.wanted_cursor();
        if cursor != self.stored_cursor {
            self.stored_cursor = cursor;
            last.push(Change::Cursor { id, at: cursor });
        }
        if self.parked != self.stored_parked {
            self.stored_parked = self.parked;
            last.push(Change::Parked { id, since: self.parked });
        }
    }

    /// The whole group for a snapshot. What changed since the last call is contained.
    pub(crate) fn snapshot(&mut self, out: &mut Vec<Change>) {
        let id = self.id;
        out.push(Change::Group { id, name: self.name.clone(), incarnation: self.incarnation.clone() });
        let (mut first, mut last) = (Vec::new(), Vec::new());
        self.take_changes(&mut first, &mut last);
        for (at, open) in &mut self.open {
            open.stored = true;
            out.push(open_change(id, *at, open));
        }
        if self.stored_cursor.is_some() {
            out.push(Change::Cursor { id, at: self.stored_cursor });
        }
        if self.parked != Timestamp::default() {
            out.push(Change::Parked { id, since: self.parked });
        }
    }

    fn insert(&mut self, at: Position, open: Open) {
        self.open.insert(at, open);
        self.touched.push(at);
    }

    // === seen from outside ===

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

fn open_change(id: u32, at: Position, open: &Open) -> Change {
    Change::Open { id, at, attempts: open.attempts, due: open.due, origin: open.origin, key: open.key }
}
