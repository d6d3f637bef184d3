//! What the durable state must know of a group.

use super::{Group, Open};
use crate::Position;
use crate::engine::state::Change;
use event::Timestamp;

impl Group {
    /// True when what changed should be durable soon.
    pub(crate) fn is_urgent(&self) -> bool {
        self.urgent
    }

    /// The oldest position the group still needs; `None`: the frontier.
    pub(crate) fn oldest(&self) -> Option<Position> {
        let open = self.open.first_key_value().map(|(at, _)| *at);
        [open, self.wanted_cursor()].into_iter().flatten().min()
    }

    /// The group's cursor as the durable state must have it.
    pub(super) fn wanted_cursor(&self) -> Option<Position> {
        self.queue.front().map(|q| q.at).or(self.cursor)
    }

    /// Nothing below the place from which the group would read again, at the latest the head, needs to be remembered.
    pub(crate) fn forget_done(&mut self, head: Position) {
        if !self.done.is_empty() {
            let from = self.wanted_cursor().unwrap_or(head);
            self.done = self.done.split_off(&from);
        }
    }

    /// Appends what changed since the last call: exceptions to `first`, positions that rely on them to `last`.
    pub(crate) fn take_changes(&mut self, first: &mut Vec<Change>, last: &mut Vec<Change>) {
        let id = self.id;
        self.urgent = false;
        for at in self.touched.drain(..) {
            if let Some(open) = self.open.get_mut(&at) {
                open.stored = true;
                first.push(open_change(id, at, open));
            } else if self.done.contains(&at) {
                first.push(Change::Done { id, at });
            }
        }
        first.extend(self.closed.drain(..).map(|at| Change::Close { id, at }));
        let cursor = self.wanted_cursor();
        if cursor != self.stored_cursor {
            self.stored_cursor = cursor;
            last.push(Change::Cursor { id, at: cursor });
        }
        if self.parked != self.stored_parked {
            self.stored_parked = self.parked;
            last.push(Change::Parked { id, since: self.parked });
        }
    }

    /// The group and where it is.
    pub(crate) fn begin(&mut self) -> Change {
        self.stored_cursor = self.wanted_cursor();
        Change::Group {
            id: self.id,
            name: self.name.clone(),
            incarnation: self.incarnation.as_ref().to_owned(),
            cursor: self.stored_cursor,
        }
    }

    /// The whole group for a snapshot. What changed since the last call is contained.
    pub(crate) fn snapshot(&mut self, out: &mut Vec<Change>) {
        let id = self.id;
        let (mut first, mut last) = (Vec::new(), Vec::new());
        self.take_changes(&mut first, &mut last);
        out.push(self.begin());
        for (at, open) in &mut self.open {
            open.stored = true;
            out.push(open_change(id, *at, open));
        }
        out.extend(self.done.iter().map(|at| Change::Done { id, at: *at }));
        if self.parked != Timestamp::default() {
            out.push(Change::Parked { id, since: self.parked });
        }
    }

    pub(super) fn insert(&mut self, at: Position, open: Open) {
        self.open.insert(at, open);
        self.touched.push(at);
    }
}

fn open_change(id: u32, at: Position, open: &Open) -> Change {
    Change::Open { id, at, attempts: open.attempts, due: open.due, origin: open.origin, key: open.key }
}
