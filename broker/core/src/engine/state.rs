//! The durable state of a lane: a list of changes that folds into frontier, groups, exceptions.
//!
//! Within one write the exceptions come first and the positions that rely on them last, so that any prefix of the
//! pieces is a state from which nothing is lost.

use crate::{Entry, GroupChange, GroupName, Position};
use bytes::Bytes;
use event::{Audience, Envelope, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Largest piece that is written (the seam allows 256 KiB).
const PIECE: usize = 200 * 1024;
/// First byte of a piece: the version of its format.
const VERSION: u8 = b'1';

/// One change of a lane's state. Groups are named by the number that [`Change::Group`] gave them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Change {
    /// A group exists. Where it begins is part of it: a prefix of a write must not have the one without the other.
    Group { id: u32, name: GroupName, incarnation: String, cursor: Option<Position> },
    /// A group is gone.
    Gone { id: u32 },
    /// A group is not wanted by anybody since then; zero: it is wanted again.
    Parked { id: u32, since: Timestamp },
    /// An event below the cursor is open.
    Open { id: u32, at: Position, attempts: u32, due: Timestamp, origin: Position, key: Option<u64> },
    /// An event is done.
    Close { id: u32, at: Position },
    /// An event that the cursor has not come to is done.
    Done { id: u32, at: Position },
    /// Everything of the group below this position is done but its exceptions; `None`: the frontier.
    Cursor { id: u32, at: Option<Position> },
    /// The shared head has read up to here.
    Frontier { at: Position },
}

/// One exception as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoredOpen {
    pub(crate) attempts: u32,
    pub(crate) due: Timestamp,
    pub(crate) origin: Position,
    pub(crate) key: Option<u64>,
}

/// One group as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoredGroup {
    pub(crate) name: Option<GroupName>,
    pub(crate) incarnation: String,
    pub(crate) parked: Timestamp,
    pub(crate) cursor: Option<Position>,
    pub(crate) open: BTreeMap<Position, StoredOpen>,
    /// Done although the cursor has not come to them.
    pub(crate) done: BTreeSet<Position>,
    /// Where events lie again that were moved forward after the state was written, and where they lay at first.
    moved: BTreeMap<Position, Position>,
}

/// What a lane's state says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) frontier: Option<Position>,
    pub(crate) groups: BTreeMap<u32, StoredGroup>,
}

impl Stored {
    /// Folds pieces in order. A piece that is not readable ends the fold, because what follows relies on it; what
    /// was folded so far is an older state, from which events are repeated and not lost.
    pub(crate) fn fold(pieces: &[Bytes]) -> (Self, Option<String>) {
        let mut stored = Self::default();
        for piece in pieces {
            match decode(piece) {
                Ok(changes) => changes.into_iter().for_each(|change| stored.apply(change)),
                Err(damage) => return (stored, Some(damage)),
            }
        }
        (stored, None)
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Group { id, name, incarnation, cursor } => {
                let group = StoredGroup { name: Some(name), incarnation, cursor, ..StoredGroup::default() };
                self.groups.insert(id, group);
            }
            Change::Gone { id } => {
                self.groups.remove(&id);
            }
            Change::Parked { id, since } => self.group(id, |g| g.parked = since),
            Change::Open { id, at, attempts, due, origin, key } => self.group(id, |g| {
                g.open.insert(at, StoredOpen { attempts, due, origin, key });
            }),
            Change::Close { id, at } => self.group(id, |g| {
                g.open.remove(&at);
            }),
            Change::Done { id, at } => self.group(id, |g| {
                g.done.insert(at);
            }),
            Change::Cursor { id, at } => self.group(id, |g| g.cursor = at),
            Change::Frontier { at } => self.frontier = Some(at),
        }
    }

    /// Takes in what was appended after the state was written, so that nothing is lent that is done. The rest of it
    /// the head reads. `rescue`: where groups begin that the state ought to know.
    pub(crate) fn recall(&mut self, at: Position, entry: &Entry, rescue: Option<Position>) {
        match entry {
            Entry::Done(done) => {
                if let Some(group) =
                    self.find(done.group.as_str()).filter(|g| *g.incarnation == *done.incarnation)
                {
                    group.conclude(done.at);
                }
            }
            Entry::Group(change) => self.recall_group(at, change, rescue),
            Entry::Event(record) => self.recall_move(at, &record.envelope),
            Entry::DeadLetter(_) => {}
        }
    }

    fn recall_move(&mut self, at: Position, envelope: &Envelope) {
        if let (Some(origin), Audience::Groups(addressees)) = (envelope.origin, &envelope.audience) {
            for addressee in addressees {
                if let Some(group) = self.find(&addressee.group) {
                    group.moved.insert(at, origin);
                }
            }
        }
    }

    fn recall_group(&mut self, at: Position, change: &GroupChange, rescue: Option<Position>) {
        let (GroupChange::Ensure { group, incarnation, .. } | GroupChange::Remove { group, incarnation }) =
            change;
        let known = self.find(group.as_str()).map(|g| g.incarnation == *incarnation);
        let is_new = matches!(change, GroupChange::Ensure { .. });
        if known.is_some_and(|same| same != is_new) {
            self.groups.retain(|_, g| g.name.as_ref() != Some(group));
        }
        if let GroupChange::Ensure { from, .. } = change
            && known != Some(true)
        {
            let id = self.groups.last_key_value().map_or(0, |(last, _)| last + 1);
            let cursor = rescue.or(*from).unwrap_or(at + 1);
            self.apply(Change::Group {
                id,
                name: group.clone(),
                incarnation: incarnation.clone(),
                cursor: Some(cursor),
            });
        }
    }

    fn find(&mut self, name: &str) -> Option<&mut StoredGroup> {
        self.groups.values_mut().find(|g| g.name.as_ref().is_some_and(|n| n.as_str() == name))
    }

    fn group(&mut self, id: u32, change: impl FnOnce(&mut StoredGroup)) {
        if let Some(group) = self.groups.get_mut(&id) {
            change(group);
        }
    }
}

impl StoredGroup {
    /// The event at `at` is done, wherever else it lies.
    fn conclude(&mut self, at: Position) {
        let open = self.open.remove(&at).map(|open| open.origin);
        let moved = self.moved.get(&at).copied();
        let origin = open.or(moved).unwrap_or(at);
        if moved.is_some() {
            self.open.retain(|_, open| open.origin != origin);
        }
        self.done.insert(at);
        self.done.extend(self.moved.iter().filter(|(_, of)| **of == origin).map(|(at, _)| *at));
    }
}

fn decode(piece: &Bytes) -> Result<Vec<Change>, String> {
    match piece.split_first() {
        Some((&VERSION, json)) => {
            serde_json::from_slice(json).map_err(|e| format!("a piece of lane state is not readable: {e}"))
        }
        _ => Err("a piece of lane state has a format that a newer version wrote".to_owned()),
    }
}

/// Cuts changes into pieces that the seam takes, in order.
pub(crate) fn pieces(changes: &[Change]) -> Vec<Bytes> {
    let mut pieces = Vec::new();
    let mut piece = Vec::new();
    for change in changes {
        if piece.is_empty() {
            piece.extend([VERSION, b'[']);
        } else {
            piece.push(b',');
        }
        serde_json::to_writer(&mut piece, change).expect("a change is plain data");
        if piece.len() >= PIECE {
            piece.push(b']');
            pieces.push(Bytes::from(std::mem::take(&mut piece)));
        }
    }
    if !piece.is_empty() {
        piece.push(b']');
        pieces.push(Bytes::from(piece));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::{Change, Stored, pieces};
    use bytes::Bytes;

    /// Ten thousand triggers with `start: earliest` in one write, and the process killed after each of its pieces.
    #[test]
    fn no_prefix_of_a_write_has_a_group_without_its_place() {
        let group = |id| Change::Group {
            id,
            name: format!("default/trigger-{id}").as_str().into(),
            incarnation: "1".to_owned(),
            cursor: Some(7),
        };
        let mut changes: Vec<Change> = (0..10_000).map(group).collect();
        changes.push(Change::Frontier { at: 20_000 });
        let pieces: Vec<Bytes> = pieces(&changes);
        assert!(pieces.len() > 3);
        assert!(pieces.iter().all(|piece| piece.len() <= 256 * 1024), "the seam takes no more");
        for n in 1..=pieces.len() {
            let (stored, damage) = Stored::fold(&pieces[..n]);
            assert_eq!(damage, None);
            assert!(stored.groups.values().all(|g| g.cursor == Some(7)), "after {n} pieces");
        }
    }
}
