//! Order per `partitionkey`: one event of a key at a time, the others held in the order of acceptance.

use crate::Position;
use event::Event;
use std::collections::{HashMap, VecDeque};

/// The keys of an ordered group that have an open event. Events are named by their origin, which moving
/// forward does not change.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// The front is being delivered or waits for a retry; the rest is held.
    lines: HashMap<u64, VecDeque<Position>>,
    /// Where events lie that were moved forward.
    moved: HashMap<Position, Position>,
}

/// The ordering key of an event; without `partitionkey` there is none.
pub(crate) fn key_of(event: &Event) -> Option<u64> {
    // A collision only holds back an event that need not have been.
    event.get("partitionkey").map(fnv64)
}

/// FNV-1a: the same in every version, because it is stored with held events and chooses the lane.
fn fnv64(key: &str) -> u64 {
    key.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl Keys {
    /// Puts an event at the end of its key's line. True when it is at the front.
    pub(crate) fn enter(&mut self, key: u64, origin: Position) -> bool {
        let line = self.lines.entry(key).or_default();
        line.push_back(origin);
        line.len() == 1
    }

    /// True when the event is the one of its key that goes on.
    pub(crate) fn is_front(&self, key: u64, origin: Position) -> bool {
        self.lines.get(&key).and_then(VecDeque::front) == Some(&origin)
    }

    /// The front of the line is done. Returns where the next one lies.
    pub(crate) fn leave(&mut self, key: u64, origin: Position) -> Option<Position> {
        self.moved.remove(&origin);
        let line = self.lines.get_mut(&key)?;
        line.retain(|o| *o != origin);
        let Some(next) = line.front().copied() else {
            self.lines.remove(&key);
            return None;
        };
        Some(self.moved.get(&next).copied().unwrap_or(next))
    }

    /// A moved event was read again at `at`. `None`: it is not in any line. `Some(true)`: it is at the front.
    pub(crate) fn arrive(&mut self, key: u64, origin: Position, at: Position) -> Option<bool> {
        let line = self.lines.get(&key)?;
        let place = line.iter().position(|o| *o == origin)?;
        self.moved.insert(origin, at);
        Some(place == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Keys, fnv64};

    /// What an earlier version held back stays in its line.
    #[test]
    fn the_hash_of_a_key_never_changes() {
        assert_eq!(fnv64(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv64("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn one_of_a_key_at_a_time_in_order() {
        let mut keys = Keys::default();
        assert!(keys.enter(7, 1));
        assert!(!keys.enter(7, 2));
        assert!(!keys.enter(7, 3));
        assert!(keys.enter(8, 4));
        assert_eq!(keys.leave(7, 1), Some(2));
        assert_eq!(keys.leave(7, 2), Some(3));
        assert_eq!(keys.leave(7, 3), None);
        assert!(keys.enter(7, 5), "the key is free again");
        assert!(!keys.enter(8, 6), "the other key is not");
    }

    #[test]
    fn a_moved_event_keeps_its_place() {
        let mut keys = Keys::default();
        keys.enter(7, 1);
        keys.enter(7, 2);
        assert_eq!(keys.arrive(7, 1, 100), Some(true));
        assert_eq!(keys.arrive(7, 2, 101), Some(false));
        assert_eq!(keys.leave(7, 1), Some(101));
        assert_eq!(keys.leave(7, 2), None);
        assert_eq!(keys.arrive(7, 3, 102), None);
    }
}
