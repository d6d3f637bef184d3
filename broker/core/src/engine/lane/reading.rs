//! The shared head: every record is read and matched once.

use super::LaneTask;
use crate::{Batch, Entry, Position};
use event::{Addressee, Audience, Record};
use std::sync::Arc;

impl LaneTask {
    pub(super) fn read_on(&mut self, batch: Batch) {
        for (at, entry) in batch.entries {
            if at < self.head {
                continue;
            }
            match entry {
                Entry::Event(record) => self.offer_on_head(at, &record),
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

    /// A record that is addressed to a group waits in it until it is due, whatever the filter says. False: the
    /// group has no room for it.
    pub(super) fn hand_over(
        &mut self,
        id: u32,
        at: Position,
        record: &Arc<Record>,
        addressee: &Addressee,
    ) -> bool {
        let taken =
            self.with(id, |group, near| group.receive(at, record, addressee.attempts, addressee.due, near));
        taken.unwrap_or(true)
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
