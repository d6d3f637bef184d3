//! Events whose sink will not take them, while the dead letter sink or store does not take them either.

use crate::failure::Failure;
use crate::lock;
use broker_core::{Lane, Position};
use std::collections::HashMap;
use std::sync::Mutex;

/// So many are remembered per trigger, each with at most 1 KiB of the sink's last answer. Those beyond it are
/// kept in the store without more tries at the dead letter sink.
const BOUND: usize = 1024;

/// An event that is to become a dead letter, and why.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Doomed {
    /// The sink's last failure.
    pub(crate) failure: Failure,
    /// Attempts at the sink.
    pub(crate) attempts: u32,
    /// Tries at the dead letter sink.
    pub(crate) tries: u32,
}

/// Remembers, while the engine keeps the event waiting, that its sink is not to be asked again. Lost when the
/// process ends: then the sink is asked once more, which at-least-once allows.
#[derive(Debug, Default)]
pub(crate) struct DoomedEvents {
    events: Mutex<HashMap<(Lane, Position), Doomed>>,
}

impl DoomedEvents {
    /// Remembers one; false when there is no room.
    pub(crate) fn keep(&self, at: (Lane, Position), doomed: Doomed) -> bool {
        let mut events = lock(&self.events);
        let room = events.len() < BOUND;
        if room {
            events.insert(at, doomed);
        }
        room
    }

    /// Forgets one and returns it.
    pub(crate) fn take(&self, at: (Lane, Position)) -> Option<Doomed> {
        let mut events = lock(&self.events);
        if events.is_empty() { None } else { events.remove(&at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::{Class, Remedy};

    #[test]
    fn there_is_room_for_a_bounded_number_and_taking_makes_room() {
        let events = DoomedEvents::default();
        let failure = Failure::new(Remedy::None, Class::ClientError, "no".to_owned());
        let doomed = Doomed { failure, attempts: 1, tries: 1 };
        for position in 0..BOUND as u64 {
            assert!(events.keep((Lane(0), position), doomed.clone()));
        }
        assert!(!events.keep((Lane(1), 0), doomed.clone()));
        assert_eq!(events.take((Lane(0), 7)), Some(doomed.clone()));
        assert!(events.keep((Lane(1), 0), doomed));
        assert_eq!(events.take((Lane(0), 7)), None);
    }
}
