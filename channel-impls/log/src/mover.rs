//! Moves the few live records of old segments forward, so that the files can be given back.
//!
//! Positions stay. The old copy is given up only after the new one is durable; what finds both takes either.

use crate::frame::{Header, Kind};
use crate::frames::Frames;
use crate::hold;
use crate::index::Plan;
use crate::lane::Lane;
use crate::queue::Purpose;
use crate::read::Records;
use crate::segment::Segment;
use crate::segments::Inner;
use crate::shared::Shared;
use crate::state::{Piece, Role};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Bytes of records moved at once, between the appends of others.
const PART: u32 = 512 << 10;
/// Pause after a refusal, most likely because the disk is full.
const PAUSE: Duration = Duration::from_secs(1);

pub(crate) struct Mover {
    shared: Arc<Shared>,
}

impl Mover {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    pub(crate) fn run(self) {
        while let Some(segment) = self.victim() {
            let lanes = hold(&self.shared.catalog).lanes();
            let outcome = lanes.iter().try_for_each(|lane| self.empty(lane, &segment));
            match outcome {
                // Should something be left, it is not worth trying for ever.
                Ok(()) => segment.moved.store(true, Ordering::Release),
                Err(reason) => {
                    tracing::warn!(reason, "records could not be moved forward");
                    let inner = self.shared.segments.inner();
                    if !inner.closing {
                        drop(self.shared.segments.wait(inner, Some(PAUSE)));
                    }
                }
            }
            drop(segment);
            self.shared.segments.look();
        }
    }

    /// Waits for a segment that is worth emptying. `None`: the log closes.
    fn victim(&self) -> Option<Arc<Segment>> {
        let segments = &self.shared.segments;
        let mut inner = segments.inner();
        while !inner.closing {
            if let Some(victim) = choose(&inner, u64::from(self.shared.options.segment_bytes)) {
                return Some(victim);
            }
            inner = segments.wait(inner, None);
        }
        None
    }

    /// Moves everything that the lane has in the segment.
    fn empty(&self, lane: &Arc<Lane>, segment: &Arc<Segment>) -> Result<(), String> {
        loop {
            let (plan, pieces) = lane.movable(segment, PART);
            if plan.is_none() && pieces.is_empty() {
                return Ok(());
            }
            self.carry(lane, segment, plan.as_ref(), &pieces)?;
        }
    }

    fn carry(
        &self,
        lane: &Arc<Lane>,
        from: &Arc<Segment>,
        plan: Option<&Plan>,
        pieces: &[Piece],
    ) -> Result<(), String> {
        let mut frames = Frames::default();
        let mut records = 0;
        let read = Records::new(&self.shared, lane);
        if let Some(plan) = plan {
            for (stamp, position, payload) in read.raw(plan).map_err(|e| e.to_string())? {
                let mut header = Header::new(Kind::Entry, lane.channel, lane.number.0);
                (header.moved, header.position, header.stamp) = (true, position, stamp);
                frames.push(header, |out| out.extend_from_slice(&payload));
                records += 1;
            }
        }
        for piece in pieces {
            let Some(payload) = read.piece(piece).map_err(|e| e.to_string())? else {
                lane.contents().state.forget(piece.number);
                continue;
            };
            let kind = if matches!(piece.role, Role::Change { .. }) { Kind::Change } else { Kind::Snapshot };
            let mut header = Header::new(kind, lane.channel, lane.number.0);
            (header.moved, header.position, header.stamp) = (true, piece.number, piece.role.stamp());
            frames.push(header, |out| out.extend_from_slice(&payload));
        }
        let upto = plan.map_or(0, |plan| plan.next);
        let purpose = Purpose::Moved { lane: lane.clone(), from: from.clone(), records, upto };
        let answer = self.shared.queue.post(frames, purpose, true)?;
        answer.blocking_recv().unwrap_or_else(|_| Err("the log's writer is gone".to_owned()))
    }
}

/// The emptiest sealed segment, if more is dead than is worth keeping: one and a half segments, and half as
/// much as is live. So a backlog takes at most half again its size, and a quiet log a few segments.
fn choose(inner: &Inner, segment_bytes: u64) -> Option<Arc<Segment>> {
    // Those that hold nothing are on their way out already.
    let sealed = || inner.all.range(..inner.sealed_below).map(|(_, s)| s).filter(|s| s.live() > 0);
    let live: u64 = sealed().map(|segment| segment.live()).sum();
    let held: u64 = sealed().map(|segment| u64::from(segment.capacity)).sum();
    if held.saturating_sub(live) <= segment_bytes * 3 / 2 + live / 2 {
        return None;
    }
    let candidates = sealed().filter(|s| !s.moved.load(Ordering::Acquire));
    candidates.min_by_key(|s| s.live() * 1000 / u64::from(s.capacity)).cloned()
}
