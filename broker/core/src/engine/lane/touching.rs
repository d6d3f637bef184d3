//! What follows when a group has changed: it lends, is looked at again, is saved.

use super::LaneTask;
use crate::engine::group::Group;
use crate::returns::Settled;
use std::collections::BTreeSet;

impl LaneTask {
    /// Something of the group changed: it may lend, must be saved, may want to read.
    pub(super) fn touch(&mut self, id: u32) {
        if let Some(group) = self.groups.get_mut(id as usize).and_then(Option::as_deref_mut) {
            group.noted = false;
            group.count_open(&self.shared.open);
        }
        self.with(id, Group::lend_ready);
        let Some(group) = self.groups.get(id as usize).and_then(Option::as_deref) else { return };
        let (hungry, fetch, busy) = (group.is_hungry(), group.wants_fetch(), group.oldest().is_some());
        let impatient = !group.is_patient();
        set(&mut self.hungry, id, hungry);
        set(&mut self.fetchable, id, fetch);
        set(&mut self.busy, id, busy);
        set(&mut self.impatient, id, impatient);
        self.saving.note_change(group.is_urgent());
        self.dirty.insert(id);
    }

    pub(super) fn settle(&mut self, came: Vec<Settled>) {
        for Settled { group, token, outcome } in came {
            let leaves = self.with(group, |g, near| g.settle(token, outcome, near)).unwrap_or(false);
            if leaves {
                self.leave_head(group);
            }
            self.note(group);
        }
        self.touch_noted();
    }

    /// Timers that are due ring; a state that waits long enough is written.
    pub(super) fn ring(&mut self) {
        let now = self.clock.now();
        while let Some(first) = self.timers.first().copied().filter(|(at, _, _)| *at <= now) {
            self.timers.remove(&first);
            let (_, id, at) = first;
            self.with(id, |g, near| g.ring(at, near));
            self.note(id);
        }
        self.touch_noted();
    }

    /// The group is to be touched once, when all is done that is done at the moment.
    pub(super) fn note(&mut self, id: u32) {
        if let Some(group) = self.groups.get_mut(id as usize).and_then(Option::as_deref_mut)
            && !std::mem::replace(&mut group.noted, true)
        {
            self.noted.push(id);
        }
    }

    pub(super) fn touch_noted(&mut self) {
        let mut noted = std::mem::take(&mut self.noted);
        for id in noted.drain(..) {
            self.touch(id);
        }
        self.noted = noted;
    }
}

fn set(ids: &mut BTreeSet<u32>, id: u32, member: bool) {
    if member {
        ids.insert(id);
    } else {
        ids.remove(&id);
    }
}
