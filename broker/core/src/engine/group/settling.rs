//! What comes back: done, failed, unreachable, given back.

use super::{Group, PROBE, PROBE_EVERY, Phase, REST, Surroundings};
use crate::engine::clock::spread;
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

    pub(super) fn wait(&mut self, at: Position, near: &mut Surroundings<'_>) {
        if let Some(open) = self.open.get_mut(&at) {
            open.phase = Phase::Waiting;
            near.timers.insert((open.due, self.id, at));
            self.touched.push(at);
        }
    }

    /// Done: forgotten, and the next event of its key goes on.
    pub(super) fn close(&mut self, at: Position) {
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
    pub(super) fn release(&mut self, at: Position) {
        if let Some(open) = self.open.get_mut(&at).filter(|o| o.phase == Phase::Held) {
            open.phase = Phase::Due;
            self.due.insert(at);
        }
    }

    /// The sink answered: everything that waited for it is due, spread over some seconds.
    pub(super) fn reached(&mut self, near: &mut Surroundings<'_>) {
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

    pub(super) fn probe_later(&mut self, near: &mut Surroundings<'_>) {
        if !std::mem::replace(&mut self.probing, true) {
            near.timers.insert((near.now.plus(PROBE_EVERY), self.id, PROBE));
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

    /// Time to see whether the sink is back: the oldest waiting event goes early.
    pub(super) fn probe(&mut self, near: &mut Surroundings<'_>) {
        self.probing = false;
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
        // Whatever becomes of this probe, the next one is sure.
        self.probe_later(near);
    }
}
