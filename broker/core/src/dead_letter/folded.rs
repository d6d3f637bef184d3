//! What the dead letter lane says when its changes are folded: which letters there are, without their events.

use super::DeadLetterChange;
use crate::{GroupName, Position};
use event::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// What the lane says when its changes are folded.
#[derive(Default)]
pub(super) struct Folded {
    /// In the order they were last put.
    pub(super) by_position: BTreeMap<Position, Kept>,
    pub(super) positions: HashMap<Arc<str>, Position>,
    pub(super) counts: HashMap<GroupName, u64>,
    pub(super) bytes: u64,
    /// Sent to their trigger again and neither resolved nor failed yet.
    pub(super) redriven: HashSet<Arc<str>>,
}

/// A letter without its event.
pub(super) struct Kept {
    pub(super) id: Arc<str>,
    pub(super) group: GroupName,
    pub(super) last_time: Timestamp,
    pub(super) bytes: u64,
    pub(super) is_reply: bool,
}

impl Folded {
    /// Takes in one change that was read at `at`.
    pub(super) fn fold(&mut self, at: Position, change: &DeadLetterChange) {
        self.drop_letter(change.id());
        let DeadLetterChange::Put(letter) = change else { return };
        let id: Arc<str> = letter.id.as_str().into();
        let bytes = letter.record.event.size() as u64;
        self.bytes += bytes;
        *self.counts.entry(letter.group.clone()).or_default() += 1;
        self.positions.insert(id.clone(), at);
        let (group, last_time, is_reply) = (letter.group.clone(), letter.last_time, letter.is_reply());
        let kept = Kept { id, group, last_time, bytes, is_reply };
        self.by_position.insert(at, kept);
    }

    fn drop_letter(&mut self, id: &str) {
        self.redriven.remove(id);
        let Some(at) = self.positions.remove(id) else { return };
        let Some(kept) = self.by_position.remove(&at) else { return };
        self.bytes -= kept.bytes;
        if let Some(count) = self.counts.get_mut(&kept.group) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&kept.group);
            }
        }
    }
}
