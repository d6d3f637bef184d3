//! Old events that wait are appended again further on, so that they do not pin the log.

use super::{Group, Phase, Surroundings};
use crate::Position;
use event::Addressee;

impl Group {
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
}
