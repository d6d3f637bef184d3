//! Due events: they kept no payload while they waited, so they are read from the log again.

use super::{Group, Phase};
use crate::Position;
use event::Record;
use std::sync::Arc;

impl Group {
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
            // It may lie further on as well, where it can be read.
            self.moving.retain(|_, moving| *moving != at);
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
}
