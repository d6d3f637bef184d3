//! The shared head: every record is read and matched once.

use super::LaneTask;
use crate::{Batch, Done, Entry, Position};
use event::{Addressee, Audience, Record, Timestamp};
use std::sync::Arc;

impl LaneTask {
    pub(super) fn read_on(&mut self, batch: Batch) {
        for (at, entry) in batch.entries {
            if at < self.head {
                continue;
            }
            match entry {
                Entry::Event(record) => self.offer_on_head(at, &record),
                Entry::Done(done) => self.finish(&done),
                Entry::Group(change) => {
                    // The group that begins here must find the head just behind this record.
                    self.head = at + 1;
                    self.group_change(at, &change);
                }
                Entry::DeadLetter(_) => {}
            }
            self.head = at + 1;
        }
        self.head = self.head.max(batch.next);
        self.saving.note_progress(self.head);
        self.touch_noted();
    }

    fn offer_on_head(&mut self, at: Position, record: &Arc<Record>) {
        match &record.envelope.audience {
            Audience::All => {
                let mut matched = std::mem::take(&mut self.matched);
                self.on_head.matches(&record.event, &mut matched);
                for id in &matched {
                    self.note(*id);
                    let taken = self.with(*id, |group, near| group.offer(at, record, near)).unwrap_or(true);
                    if !taken {
                        self.fall_behind(*id, at);
                    }
                }
                self.matched = matched;
            }
            Audience::Groups(addressees) => {
                for addressee in addressees {
                    let on_head = |g: &crate::engine::group::Group| g.cursor.is_none();
                    if let Some(id) = self.names.get(addressee.group.as_str()).copied()
                        && self.group(id).is_some_and(on_head)
                    {
                        self.note(id);
                        if !self.hand_over(id, at, record, addressee) {
                            self.fall_behind(id, at);
                        }
                    }
                }
            }
        }
    }

    /// Takes a record that is addressed to the group, whatever its filter says. False: no room, it must come again.
    pub(super) fn hand_over(
        &mut self,
        id: u32,
        at: Position,
        record: &Arc<Record>,
        addressee: &Addressee,
    ) -> bool {
        let handed = self.with(id, |group, near| {
            if is_new(record, addressee) {
                group.offer(at, record, near)
            } else {
                group.receive(at, record, addressee.attempts, addressee.due, near);
                true
            }
        });
        handed.unwrap_or(true)
    }

    /// A group was done with an event, and perhaps nobody has heard of it: its process may have died since.
    fn finish(&mut self, done: &Done) {
        let Some(id) = self.names.get(&done.group).copied() else { return };
        let finished =
            self.with(id, |group, near| group.incarnation == done.incarnation && group.finish(done.at, near));
        if finished == Some(true) {
            self.note(id);
        }
    }

    /// The group has no room for what lies at `at`: from now on it is a cursor.
    pub(super) fn fall_behind(&mut self, id: u32, at: Position) {
        self.with(id, |group, near| group.fall_behind(at, near));
        self.place(id);
    }

    /// The group gives up its place on the head and what was matched ahead of its window.
    pub(super) fn leave_head(&mut self, id: u32) {
        let head = self.head;
        self.with(id, |group, near| group.rewind(head, near));
        self.place(id);
    }
}

/// True for the next step of an event: it stands in line like one that the group's filter passes. What is tried again
/// was in line before, and waits until it is due.
fn is_new(record: &Record, addressee: &Addressee) -> bool {
    let envelope = &record.envelope;
    let untried = addressee.attempts == 0 && addressee.due == Timestamp::default();
    untried && envelope.origin.is_none() && envelope.redrive.is_none()
}
