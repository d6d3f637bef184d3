//! Where the pieces of a lane's state lie: the newest complete snapshot and the changes since.
//!
//! Pieces are numbered. A change names the piece it follows, so a piece that was lost is noticed: the state then
//! ends before it. An older state repeats deliveries; a state with a hole would lose some.

use crate::extent::Span;
use crate::segment::Segment;
use std::collections::VecDeque;
use std::sync::Arc;

/// What the first change of a lane follows.
pub(crate) const NOTHING: u64 = u64::MAX;

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Follows that piece.
    Change { after: u64 },
    /// One of `count` pieces of a snapshot. A snapshot of nothing is one piece with `count` 0.
    Snapshot { index: u32, count: u32 },
}

impl Role {
    /// As a frame's stamp.
    pub(crate) fn stamp(self) -> u64 {
        match self {
            Self::Change { after } => after,
            Self::Snapshot { index, count } => u64::from(index) | u64::from(count) << 32,
        }
    }

    pub(crate) fn snapshot_from(stamp: u64) -> Self {
        let half = |n: u64| u32::try_from(n & u64::from(u32::MAX)).unwrap_or(u32::MAX);
        Self::Snapshot { index: half(stamp), count: half(stamp >> 32) }
    }
}

/// One piece's place.
#[derive(Clone)]
pub(crate) struct Piece {
    pub(crate) number: u64,
    pub(crate) role: Role,
    pub(crate) span: Span,
}

impl Piece {
    fn bytes(&self) -> u64 {
        u64::from(self.span.len)
    }
}

/// The pieces that make up the state, ascending.
#[derive(Default)]
pub(crate) struct State {
    pieces: VecDeque<Piece>,
}

impl State {
    /// Builds the state from everything that was found, in any order, with copies.
    pub(crate) fn recover(mut found: Vec<Piece>) -> Self {
        found.sort_by_key(|piece| piece.number);
        found.dedup_by_key(|piece| piece.number);
        let mut state = Self::default();
        consistent(&found).into_iter().for_each(|piece| state.change(piece.clone()));
        state
    }

    /// The number of the last piece; what the next change follows.
    pub(crate) fn last(&self) -> u64 {
        self.pieces.back().map_or(NOTHING, |piece| piece.number)
    }

    pub(crate) fn change(&mut self, piece: Piece) {
        piece.span.segment.gains(piece.bytes());
        self.pieces.push_back(piece);
    }

    /// Replaces everything before.
    pub(crate) fn snapshot(&mut self, pieces: Vec<Piece>) {
        self.clear();
        pieces.into_iter().for_each(|piece| self.change(piece));
    }

    pub(crate) fn clear(&mut self) {
        self.pieces.drain(..).for_each(|piece| piece.span.segment.loses(piece.bytes()));
    }

    pub(crate) fn pieces(&self) -> Vec<Piece> {
        self.pieces.iter().cloned().collect()
    }

    /// Gives up a piece that cannot be read any more.
    pub(crate) fn forget(&mut self, number: u64) {
        let at = self.pieces.partition_point(|piece| piece.number < number);
        if self.pieces.get(at).is_some_and(|piece| piece.number == number)
            && let Some(piece) = self.pieces.remove(at)
        {
            piece.span.segment.loses(piece.bytes());
        }
    }

    /// The pieces in `segment`, about `bytes` of them.
    pub(crate) fn movable(&self, segment: &Arc<Segment>, bytes: u32) -> Vec<Piece> {
        let mut planned = 0;
        let inside = self.pieces.iter().filter(|piece| Arc::ptr_eq(&piece.span.segment, segment));
        inside
            .take_while(|piece| {
                let fits = planned < bytes;
                planned += piece.span.len;
                fits
            })
            .cloned()
            .collect()
    }

    /// The piece lies somewhere else now, if it is still wanted.
    pub(crate) fn relocate(&mut self, number: u64, span: Span) {
        let at = self.pieces.partition_point(|piece| piece.number < number);
        if let Some(piece) = self.pieces.get_mut(at).filter(|piece| piece.number == number) {
            piece.span.segment.loses(u64::from(piece.span.len));
            span.segment.gains(u64::from(span.len));
            piece.span = span;
        }
    }
}

/// Those of the ascending pieces that make up the newest state without a hole.
pub(crate) fn consistent(found: &[Piece]) -> Vec<&Piece> {
    let mut state: Vec<&Piece> = Vec::new();
    for (i, piece) in found.iter().enumerate() {
        let last = state.last().map_or(NOTHING, |last| last.number);
        match piece.role {
            Role::Change { after } if after == last => state.push(piece),
            Role::Snapshot { index: 0, count } => {
                let run = found.get(i..i.saturating_add((count as usize).max(1))).unwrap_or_default();
                if complete(run, count) {
                    state = run.iter().collect();
                }
            }
            Role::Change { .. } | Role::Snapshot { .. } => {}
        }
    }
    state
}

/// All pieces of one snapshot, and nothing else.
fn complete(run: &[Piece], count: u32) -> bool {
    let Some(base) = run.first().map(|piece| piece.number) else { return false };
    (0..).zip(run).all(|(i, piece)| {
        piece.role == Role::Snapshot { index: i, count } && piece.number == base + u64::from(i)
    })
}
