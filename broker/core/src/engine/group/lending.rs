//! What is lent, within the window: what was due first, then what was matched.

use super::{Group, Open, Phase, Queued, Surroundings};
use crate::channel::Loan;
use crate::engine::keys::key_of;
use crate::{Delivery, Order, Position};
use event::{Record, Timestamp};
use std::sync::Arc;

impl Group {
    pub(super) fn is_ordered(&self) -> bool {
        self.spec.as_ref().is_some_and(|s| s.order == Order::Key)
    }

    /// How many may be lent at the same time now.
    fn window(&self) -> usize {
        if self.unreachable {
            usize::from(self.probing.allowed)
        } else {
            self.spec.as_ref().map_or(0, |s| s.window.get())
        }
    }

    pub(super) fn room(&self) -> usize {
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

    /// Starts the event at the front of the queue, or passes over it when it is done. False: nothing there, or no room
    /// to hold it back.
    pub(super) fn start_next(&mut self, near: &mut Surroundings<'_>) -> bool {
        // What is due goes first: its slots are kept free.
        if self.room() <= self.due.len() || !self.has_waiting_room() {
            return false;
        }
        let Some(Queued { at, record, charged }) = self.queue.pop_front() else { return false };
        near.queued.give(charged);
        if self.done.contains(&at) {
            return true;
        }
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

    pub(super) fn lend(&mut self, at: Position, record: Arc<Record>, near: &mut Surroundings<'_>) {
        let Some(open) = self.open.get_mut(&at) else { return };
        open.phase = Phase::Lent;
        open.accepted_at = record.envelope.accepted_at;
        let (attempt, probe) = (open.attempts + 1, open.probe);
        self.lent += 1;
        self.probing.allowed &= !self.unreachable;
        let incarnation = self.incarnation.clone();
        let loan = Loan { group: self.id, incarnation, token: at, back: Some(near.back.clone()) };
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
}
