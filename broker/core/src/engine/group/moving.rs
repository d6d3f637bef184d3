//! Old events that wait are appended again further on, so that they do not pin the log.

use super::{Group, Open, Phase, Surroundings};
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

    /// An event was read where it was moved to, and the old one ends. False: the old one is being tried, and stays, or
    /// it is done.
    pub(super) fn take_over(&mut self, origin: Position) -> bool {
        // After a crash nobody knows what was moved; then it is found where it is open.
        let found = || self.open.iter().find(|(_, open)| open.origin == origin).map(|(at, _)| *at);
        let Some(old) = self.moving.get(&origin).copied().or_else(found) else { return true };
        self.moving.remove(&origin);
        let is_idle = |open: &Open| matches!(open.phase, Phase::Moving | Phase::Waiting | Phase::Held);
        if !self.open.get(&old).is_some_and(is_idle) {
            return false;
        }
        // Its key's line is the new one's from now on.
        self.end(old);
        true
    }

    /// The group leaves the head, and may not come to where they were moved for long: they are tried here. When it
    /// comes there, it must know them.
    pub(super) fn stop_moving_all(&mut self, near: &mut Surroundings<'_>) {
        let moving: Vec<Position> = self.moving.values().copied().collect();
        for at in moving {
            self.stay(at, near);
        }
    }

    /// The events could not be appended again: they stay where they are, and are tried at once.
    pub(crate) fn stop_moving(&mut self, at: Position, near: &mut Surroundings<'_>) {
        self.moving.retain(|_, moving| *moving != at);
        self.stay(at, near);
    }

    fn stay(&mut self, at: Position, near: &mut Surroundings<'_>) {
        let Some(open) = self.open.get(&at).filter(|o| o.phase == Phase::Moving) else { return };
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

#[cfg(test)]
mod tests {
    use super::super::{Group, Open, Phase, Surroundings};
    use crate::Lane;
    use crate::engine::budget::Budget;
    use event::{Record, Timestamp};
    use std::collections::BTreeSet;
    use std::sync::Arc;

    fn waiting(origin: u64) -> Open {
        Open {
            attempts: 1,
            due: Timestamp(9000),
            origin,
            key: None,
            phase: Phase::Waiting,
            accepted_at: Timestamp(1000),
            probe: false,
            stored: true,
        }
    }

    /// Else the old one comes back after a crash, long after the new one was delivered.
    #[test]
    fn that_an_event_was_moved_is_soon_durable() {
        let mut group = Group::new(0, "t".into(), "1", None);
        group.insert(7, waiting(7));
        group.take_changes(&mut Vec::new(), &mut Vec::new());
        group.start_moving(100, 10);
        assert!(!group.is_urgent());
        assert!(group.take_over(7));
        assert!(group.is_urgent());
    }

    /// Else a dead sink whose events are all on their way is never probed, and its group never reads on to them.
    #[test]
    fn a_group_that_leaves_the_head_tries_its_events_where_they_are() {
        let (mut timers, queued) = (BTreeSet::new(), Budget::new(0));
        let back = Arc::default();
        let now = Timestamp(1000);
        let mut near = Surroundings { lane: Lane(0), now, timers: &mut timers, back: &back, queued: &queued };
        let mut group = Group::new(0, "t".into(), "1", None);
        group.insert(7, waiting(7));
        assert_eq!(group.start_moving(100, 10).len(), 1);
        group.rewind(60_000, &mut near);
        assert_eq!(group.open[&7].phase, Phase::Waiting);
        assert!(timers.contains(&(Timestamp(9000), 0, 7)));
    }

    fn copy(of: u64, due: Timestamp) -> Arc<Record> {
        let event =
            event::Event::builder().set("id", "1").set("source", "/s").set("type", "t").build().unwrap();
        let mut record = Record { envelope: event::Envelope::accepted(1, due), event };
        record.envelope.origin = Some(of);
        Arc::new(record)
    }

    /// It was on its way when the group left the head, tried the event where it was, and was done with it.
    #[test]
    fn a_copy_of_what_is_done_meanwhile_is_not_lent() {
        let (mut timers, queued) = (BTreeSet::new(), Budget::new(0));
        let back = Arc::default();
        let now = Timestamp(1000);
        let mut near = Surroundings { lane: Lane(0), now, timers: &mut timers, back: &back, queued: &queued };
        let mut group = Group::new(0, "t".into(), "1", None);
        group.insert(7, waiting(7));
        group.insert(8, waiting(8));
        assert_eq!(group.start_moving(100, 10).len(), 2);
        assert!(group.finish(8, &mut near), "concluded while it was moved");
        group.rewind(60_000, &mut near);
        group.close(7);
        assert!(group.receive(70_000, &copy(7, now), 1, now, &mut near));
        assert!(group.receive(70_001, &copy(8, now), 1, now, &mut near));
        assert!(group.open.is_empty());
    }

    /// After a crash nobody knows that it was on its way, and it may have been moved before.
    #[test]
    fn a_copy_of_a_copy_takes_the_place_of_the_first() {
        let (mut timers, queued) = (BTreeSet::new(), Budget::new(0));
        let back = Arc::default();
        let now = Timestamp(1000);
        let mut near = Surroundings { lane: Lane(0), now, timers: &mut timers, back: &back, queued: &queued };
        let mut group = Group::new(0, "t".into(), "1", None);
        group.insert(500, waiting(7));
        assert!(group.receive(70_000, &copy(7, now), 1, now, &mut near));
        assert_eq!(group.open.keys().copied().collect::<Vec<_>>(), [70_000]);
    }
}
