//! What comes back: done, failed, unreachable, given back; and what becomes due.

use super::{Group, Open, PROBE, Phase, REST, Surroundings};
use crate::{Outcome, Position};

impl Group {
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
                self.probe_later(None, near);
            }
            Outcome::Nack(after) => {
                open.attempts += 1;
                open.due = near.now.plus(after);
                self.wait(at, near);
                self.reached(near);
            }
            Outcome::Unreachable(after) => {
                self.unreachable = true;
                if was_probe {
                    // It changed nothing that the durable state knows.
                    self.rest(at, near);
                } else {
                    open.attempts += 1;
                    open.due = near.now.plus(after);
                    self.wait(at, near);
                }
                self.probe_later(Some(at), near);
            }
            Outcome::Return => {
                open.due = near.now.plus(REST);
                self.wait(at, near);
                if self.unreachable {
                    self.probe_later(Some(at), near);
                }
            }
        }
        self.unreachable
    }

    /// The lane says that the group is done with the event at `at`. False: that was known.
    pub(crate) fn finish(&mut self, at: Position, near: &mut Surroundings<'_>) -> bool {
        let Some(open) = self.open.get(&at) else { return self.remember_done(at) };
        match open.phase {
            // The loan comes back to nothing.
            Phase::Lent => {
                self.settle(at, Outcome::Ack, near);
            }
            Phase::Fetching => {
                self.fetching -= 1;
                self.close(at);
            }
            Phase::Waiting | Phase::Due | Phase::Ready | Phase::Held | Phase::Moving => self.close(at),
        }
        true
    }

    /// An event that is done before it is lent here. False: it was, and is done.
    fn remember_done(&mut self, at: Position) -> bool {
        let is_ahead = self.wanted_cursor().is_some_and(|from| from <= at);
        if is_ahead && self.done.insert(at) {
            self.touched.push(at);
        }
        is_ahead
    }

    pub(super) fn wait(&mut self, at: Position, near: &mut Surroundings<'_>) {
        self.rest(at, near);
        self.touched.push(at);
        self.urgent = true;
    }

    /// Waits until it is due, as the durable state has it already.
    fn rest(&mut self, at: Position, near: &mut Surroundings<'_>) {
        if let Some(open) = self.open.get_mut(&at) {
            open.phase = Phase::Waiting;
            near.timers.insert((open.due, self.id, at));
        }
    }

    /// Not open any more here, and the durable state hears of it soon.
    pub(super) fn end(&mut self, at: Position) -> Option<Open> {
        let open = self.open.remove(&at)?;
        if open.stored {
            self.closed.push(at);
            self.urgent = true;
        }
        Some(open)
    }

    /// Done: forgotten, and the next event of its key goes on.
    pub(super) fn close(&mut self, at: Position) {
        let Some(open) = self.end(at) else { return };
        if let Some(key) = open.key
            && let Some(next) = self.keys.leave(key, open.origin)
        {
            self.release(next);
        }
    }

    /// An event that was held is at the front of its key's line now.
    pub(super) fn release(&mut self, at: Position) {
        if let Some(open) = self.open.get_mut(&at).filter(|o| o.phase == Phase::Held) {
            open.phase = Phase::Due;
            self.due.insert(at);
        }
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
}
