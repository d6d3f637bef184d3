//! A sink that cannot be reached: one event at a time finds out whether it is back, the others wait.

use super::{Group, PROBE, Phase, Surroundings};
use crate::Position;
use crate::engine::clock::spread;
use event::Timestamp;
use std::time::Duration;

/// The first probe comes after this, later ones after twice the wait before.
const FIRST_PROBE: Duration = Duration::from_millis(500);
/// A sink that is back is found within this.
const PROBE_EVERY: Duration = Duration::from_secs(5);

/// The probing of a sink that cannot be reached.
#[derive(Debug, Default)]
pub(super) struct Probing {
    /// When the next event may try; none while one is trying.
    at: Option<Timestamp>,
    /// One event may be lent now.
    pub(super) allowed: bool,
    wait: Duration,
}

impl Group {
    /// The next probe: when the event that just failed is due again, at the latest some seconds from now.
    pub(super) fn probe_later(&mut self, failed: Option<Position>, near: &mut Surroundings<'_>) {
        if self.probing.at.is_some() {
            return;
        }
        self.probing.allowed = false;
        self.probing.wait = (self.probing.wait * 2).clamp(FIRST_PROBE, PROBE_EVERY);
        let due = failed.and_then(|at| self.open.get(&at)).map(|o| o.due);
        let latest = near.now.plus(self.probing.wait);
        let next = due.map_or(latest, |due| due.clamp(near.now, latest));
        self.probing.at = Some(next);
        near.timers.insert((next, self.id, PROBE));
    }

    /// The probe timer rang: the oldest event tries, even before it is due.
    pub(super) fn probe(&mut self, near: &mut Surroundings<'_>) {
        if self.probing.at.is_none_or(|at| at > near.now) {
            return;
        }
        self.probing.at = None;
        if !self.unreachable {
            return;
        }
        self.probing.allowed = true;
        let oldest = self.open.iter_mut().find(|(_, o)| matches!(o.phase, Phase::Waiting | Phase::Due));
        if let Some((at, open)) = oldest {
            open.probe = open.phase == Phase::Waiting && open.due > near.now;
            open.phase = Phase::Due;
            self.due.insert(*at);
        }
    }

    /// The sink answered: everything that waited for it is due, spread over some seconds.
    pub(super) fn reached(&mut self, near: &mut Surroundings<'_>) {
        if !std::mem::take(&mut self.unreachable) {
            return;
        }
        self.probing = Probing::default();
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
}
