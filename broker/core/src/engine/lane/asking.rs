//! What the rest of the process asks of a lane.

use super::LaneTask;
use crate::engine::group::Group;
use crate::engine::state::Change;
use crate::{Delivery, GroupChange, GroupName, GroupSpec, Position};
use event::Timestamp;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// What this process wants of a group.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) spec: Arc<GroupSpec>,
    pub(crate) subscriber: Option<mpsc::UnboundedSender<Delivery>>,
}

/// A request to a lane.
#[derive(Debug)]
pub(crate) enum Command {
    /// The group is wanted like this. Answers whether a control record must be appended.
    Define { group: GroupName, spec: Arc<GroupSpec>, needs_record: oneshot::Sender<bool> },
    /// Deliveries of the group go there.
    Subscribe { group: GroupName, deliveries: mpsc::UnboundedSender<Delivery> },
    /// The group is not wanted any more; its place is kept.
    Park { group: GroupName, done: oneshot::Sender<()> },
    /// As `Park`, and the record that removes the group follows.
    End { group: GroupName, done: oneshot::Sender<()> },
    /// Write the state and stop.
    Close { done: oneshot::Sender<()> },
}

impl LaneTask {
    pub(super) fn obey(&mut self, command: Command) {
        match command {
            Command::Define { group, spec, needs_record } => {
                // An asker who has left will ask again.
                let _ = needs_record.send(self.define(&group, &spec));
            }
            Command::Subscribe { group, deliveries } => self.subscribe(&group, deliveries),
            Command::Park { group, done } => {
                self.park(&group, false);
                let _ = done.send(());
            }
            Command::End { group, done } => {
                self.park(&group, true);
                let _ = done.send(());
            }
            Command::Close { .. } => {}
        }
    }

    fn define(&mut self, name: &GroupName, spec: &Arc<GroupSpec>) -> bool {
        let before = self.wanted.get(name).map(|w| w.spec.clone());
        let subscriber = self.wanted.get(name).and_then(|w| w.subscriber.clone());
        self.wanted.insert(name.clone(), Wanted { spec: spec.clone(), subscriber });
        let known = self.names.get(name).and_then(|id| self.group(*id));
        let same_life = known.is_some_and(|g| *g.incarnation == *spec.incarnation && !g.ending);
        if same_life {
            self.furnish(name);
        }
        // Another filter is announced in the lane, for owners whose table is older.
        !same_life || before.is_some_and(|b| b.filter != spec.filter)
    }

    fn subscribe(&mut self, name: &GroupName, deliveries: mpsc::UnboundedSender<Delivery>) {
        if let Some(wanted) = self.wanted.get_mut(name) {
            wanted.subscriber = Some(deliveries);
            self.furnish(name);
        }
    }

    fn park(&mut self, name: &GroupName, ending: bool) {
        self.wanted.remove(name);
        let Some(id) = self.names.get(name).copied() else { return };
        let head = self.head;
        self.with(id, |group, near| {
            group.rewind(head, near);
            group.spec = None;
            group.subscriber = None;
            group.parked = near.now;
            group.ending = ending;
        });
        self.place(id);
        self.touch(id);
    }

    /// Gives a group what this process wants of it: spec, subscriber, and its place on the head or behind.
    pub(super) fn furnish(&mut self, name: &GroupName) {
        let Some(wanted) = self.wanted.get(name).cloned() else { return };
        let Some(id) = self.names.get(name).copied() else { return };
        let head = self.head;
        self.with(id, |group, near| {
            if *group.incarnation != *wanted.spec.incarnation {
                return;
            }
            // A filter in force from now on: what was matched by the old one and not lent is matched again.
            if group.spec.as_ref().is_some_and(|s| s.filter != wanted.spec.filter) || wanted.spec.paused {
                group.rewind(head, near);
            }
            group.spec = Some(wanted.spec.clone());
            group.subscriber = wanted.subscriber.clone();
            group.parked = Timestamp::default();
            group.clip_waits(wanted.spec.longest_wait, near);
            if group.cursor == Some(head) && group.fits_the_head() {
                group.cursor = None;
            }
        });
        self.place(id);
        self.touch(id);
    }

    /// A control record of the lane was read.
    pub(super) fn group_change(&mut self, at: Position, change: &GroupChange) {
        match change {
            GroupChange::Ensure { group, incarnation, from, .. } => {
                let known = self.names.get(group).and_then(|id| self.group(*id));
                if let Some(same) = known.filter(|g| *g.incarnation == **incarnation) {
                    let id = same.id;
                    // Its removal did not reach the lane before this record, and does not count any more.
                    if self.with(id, |group, _| std::mem::take(&mut group.ending)) == Some(true) {
                        self.furnish(group);
                    }
                    return;
                }
                self.forget(group);
                let from = self.rescue.or(*from).unwrap_or(at + 1);
                self.create(group, incarnation, from);
            }
            GroupChange::Remove { group, incarnation } => {
                let known = self.names.get(group).and_then(|id| self.group(*id));
                if known.is_some_and(|g| *g.incarnation == **incarnation) {
                    self.forget(group);
                }
            }
        }
    }

    /// A new group begins at `from`. It is behind until the head comes by.
    fn create(&mut self, name: &GroupName, incarnation: &str, from: Position) {
        let id = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
        let mut group = Group::new(id, name.clone(), incarnation, Some(from));
        self.changes.push(group.begin());
        group.behind_since = self.clock.now();
        if !self.wanted.contains_key(name) {
            group.parked = self.clock.now();
        }
        self.settle_in(group);
        self.furnish(name);
    }

    /// The group is gone for good.
    fn forget(&mut self, name: &GroupName) {
        let Some(id) = self.names.remove(name) else { return };
        let open = self.shared.open.clone();
        self.with(id, |group, near| group.uncount(&open, near));
        if let Some(slot) = self.groups.get_mut(id as usize) {
            *slot = None;
        }
        self.changes.push(Change::Gone { id });
        self.on_head.remove(id);
        self.behind.remove(id);
        self.hungry.remove(&id);
        self.impatient.remove(&id);
        self.fetchable.remove(&id);
        self.busy.remove(&id);
        self.dirty.remove(&id);
        self.gauges.remove(&id);
        self.shared.forget_gauges(name, self.lane);
    }

    /// Puts the group's filter into the index that its place asks for.
    pub(super) fn place(&mut self, id: u32) {
        let Some(group) = self.groups.get(id as usize).and_then(Option::as_deref) else { return };
        match (&group.spec, group.cursor) {
            (Some(spec), None) => {
                self.on_head.insert(id, &spec.filter);
                self.behind.remove(id);
            }
            (Some(spec), Some(_)) => {
                self.on_head.remove(id);
                self.behind.insert(id, &spec.filter);
            }
            (None, _) => {
                self.on_head.remove(id);
                self.behind.remove(id);
            }
        }
    }
}
