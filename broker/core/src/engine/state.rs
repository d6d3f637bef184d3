//! The durable state of a lane: a list of changes that folds into frontier, groups, exceptions.
//!
//! Within one write the exceptions come first and the positions that rely on them last, so that any prefix of the
//! pieces is a state from which nothing is lost.

use crate::{GroupName, Position};
use bytes::Bytes;
use event::Timestamp;
use std::collections::BTreeMap;

/// Largest piece that is written (the seam allows 256 KiB).
const PIECE: usize = 200 * 1024;
/// First byte of a piece: the version of its format.
const VERSION: u8 = b'1';

/// One change of a lane's state. Groups are named by the number that [`Change::Group`] gave them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Change {
    /// A group exists; its cursor is the frontier until [`Change::Cursor`] says otherwise.
    Group { id: u32, name: GroupName, incarnation: String },
    /// A group is gone.
    Gone { id: u32 },
    /// A group is not wanted by anybody since then; zero: it is wanted again.
    Parked { id: u32, since: Timestamp },
    /// An event below the cursor is open.
    Open { id: u32, at: Position, attempts: u32, due: Timestamp, origin: Position, key: Option<u64> },
    /// An event is done.
    Close { id: u32, at: Position },
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
            Change::Group { id, name, incarnation } => {
                let group = StoredGroup { name: Some(name), incarnation, ..StoredGroup::default() };
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
            Change::Cursor { id, at } => self.group(id, |g| g.cursor = at),
            Change::Frontier { at } => self.frontier = Some(at),
        }
    }

    fn group(&mut self, id: u32, change: impl FnOnce(&mut StoredGroup)) {
        if let Some(group) = self.groups.get_mut(&id) {
            change(group);
        }
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
