//! How far a group reads: on the shared head, or behind it.

use super::{Group, LOOK_AHEAD, Open, Phase, Queued, Surroundings};
use crate::Position;
use crate::engine::keys::key_of;
use event::{Record, Timestamp};
use std::sync::Arc;

/// With so many lent nobody waits for the end of one: a busy group's acks come in heaps anyway.
const FEW: usize = 8;

impl Group {
    /// True when the group takes part in deliveries at all.
    pub(super) fn is_active(&self) -> bool {
        self.subscriber.is_some() && self.spec.as_ref().is_some_and(|s| !s.paused)
    }

    /// True while nothing depends on the next ack but to write it down some time.
    pub(crate) fn is_patient(&self) -> bool {
        self.cursor.is_none()
            && !self.unreachable
            && self.queue.is_empty()
            && self.open.len() == self.lent
            && self.lent <= FEW.min(self.room())
            && !self.is_ordered()
            && !self.open.values().any(|open| open.stored)
    }

    /// True when a catch-up head should carry the group.
    pub(crate) fn is_hungry(&self) -> bool {
        self.cursor.is_some()
            && self.is_active()
            && self.has_waiting_room()
            && if self.unreachable { self.lacks_a_probe() } else { self.queue.len() <= self.hungry_below }
    }

    /// True when the group may stand on the shared head: whoever is hungry may, once it has come that far.
    pub(crate) fn fits_the_head(&self) -> bool {
        self.is_active()
            && self.has_waiting_room()
            && if self.unreachable { self.lacks_a_probe() } else { self.queue.len() <= LOOK_AHEAD / 2 }
    }

    /// True when the next event to come is the one that probes the sink.
    fn lacks_a_probe(&self) -> bool {
        self.open.is_empty() && self.queue.is_empty()
    }

    pub(super) fn has_waiting_room(&self) -> bool {
        let waiting = self.open.len().saturating_sub(self.lent);
        let bound = |most: usize| if self.crowded { most.min(LOOK_AHEAD) } else { most };
        self.spec.as_ref().is_some_and(|s| waiting < bound(s.max_waiting))
    }

    /// Takes a matching event that was read at `at`. False: no room, the group must fall behind at `at`.
    pub(crate) fn offer(&mut self, at: Position, record: &Arc<Record>, near: &mut Surroundings<'_>) -> bool {
        if self.open.contains_key(&at) || self.done.contains(&at) {
            return true;
        }
        if self.unreachable && !self.lacks_a_probe() {
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

    /// Takes a record that is addressed to this group, whatever its filter says. False: no room, the group must
    /// fall behind at `at`. One that was moved takes the place that it had.
    pub(crate) fn receive(
        &mut self,
        at: Position,
        record: &Arc<Record>,
        attempts: u32,
        due: Timestamp,
        near: &mut Surroundings<'_>,
    ) -> bool {
        if self.open.contains_key(&at) || self.done.contains(&at) {
            return true;
        }
        let moved = record.envelope.origin.is_some();
        let origin = record.envelope.origin.unwrap_or(at);
        if !moved && !self.has_waiting_room() {
            return false;
        }
        if moved && !self.take_over(origin) {
            return true;
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
        true
    }

    /// Leaves the head at an event that it has no room for.
    pub(crate) fn fall_behind(&mut self, at: Position, near: &mut Surroundings<'_>) {
        self.cursor = Some(at);
        self.behind_since = near.now;
        self.stop_moving_all(near);
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
        self.stop_moving_all(near);
    }

    /// Gives back the budget of what is queued; the caller sees to it that it is read again or not wanted.
    pub(crate) fn give_up_queue(&mut self, near: &mut Surroundings<'_>) {
        for queued in self.queue.drain(..) {
            near.queued.give(queued.charged);
        }
    }
}
