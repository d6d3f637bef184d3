//! The one thread that writes: everything that waits becomes one batch, one write, one `fdatasync`.
//!
//! Order that matters: a segment is synced before its successor is begun; a record is visible, and its append
//! answered, only after the sync; a segment counts as sealed only after the checkpoint above it is durable.

use crate::batch::{Batch, Stop};
use crate::catalog::LogPlace;
use crate::extent::{Place, Span};
use crate::frame::Kind;
use crate::frames::Frames;
use crate::hold;
use crate::lane::Lane;
use crate::queue::{Answer, Purpose, Request};
use crate::segment::Segment;
use crate::shared::Shared;
use crate::state::{Piece, Role};
use crate::tail::Tails;
use broker_core::Health;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// Memory that an entry costs besides its bytes, about.
const ENTRY_OVERHEAD: usize = 256;

pub(crate) struct Writer {
    shared: Arc<Shared>,
    batch: Batch,
    tails: Tails,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, last_time: u64) -> Self {
        let tails = Tails::new(shared.options.tail_bytes);
        Self { batch: Batch::new(shared.clone(), last_time), shared, tails }
    }

    /// Writes until the queue ends or the disk fails.
    pub(crate) fn run(mut self) {
        let (mut requests, mut marks) = (Vec::new(), Vec::new());
        while self.shared.queue.take(&mut requests, &mut marks) {
            let cost = requests.iter().map(Request::cost).sum();
            if let Err(error) = self.commit(&mut requests, &mut marks) {
                self.fail(&error, requests);
                return;
            }
            self.shared.queue.release(cost);
        }
    }

    /// One batch. After `Err` nothing is known about what is durable.
    fn commit(&mut self, requests: &mut Vec<Request>, marks: &mut Vec<Arc<Lane>>) -> io::Result<()> {
        self.batch.start();
        let mut outcomes = Vec::with_capacity(requests.len());
        for request in requests.iter() {
            let start = self.batch.count();
            let answer = match self.batch.place(request) {
                Ok(()) => Ok(()),
                Err(Stop::Refused(reason)) => Err(reason),
                Err(Stop::Broken(error)) => return Err(error),
            };
            outcomes.push((start..self.batch.count(), answer));
        }
        self.batch.mark(marks)?;
        self.batch.sync()?;
        for (request, (range, answer)) in requests.drain(..).zip(outcomes) {
            self.publish(request, range, answer);
        }
        self.tails.trim();
        self.batch.finish();
        Ok(())
    }

    /// A failed write or sync is never repeated: the system may have dropped what it could not write, and
    /// would report success the next time.
    fn fail(&mut self, error: &io::Error, requests: Vec<Request>) {
        let reason = format!("the log could not be written: {error}; check the disk, then restart");
        tracing::error!(%error, "the log stops: writing to the disk failed");
        self.shared.set_health(Health::Failed(reason.clone()));
        self.shared.queue.end(&reason);
        for request in requests {
            request.answer(Err(reason.clone()));
        }
        let (mut rest, mut marks) = (Vec::new(), Vec::new());
        self.shared.queue.take(&mut rest, &mut marks);
        rest.into_iter().for_each(|request| request.answer(Err(reason.clone())));
    }

    /// The request is durable, or as much of it as was placed.
    fn publish(&mut self, mut request: Request, range: Range<usize>, answer: Answer) {
        let placed = self.batch.placed(range);
        let complete = answer.is_ok();
        match &mut request.purpose {
            Purpose::Entries { lane, entries } => {
                let entries = std::mem::take(entries);
                self.shared.metrics.appended.inc_by(placed.len() as u64);
                let weight = request.frames.bytes() + entries.len() * ENTRY_OVERHEAD;
                lane.publish(placed, entries);
                if let Some((_, last)) = placed.last() {
                    self.tails.note(lane, last.position + 1, weight);
                }
            }
            Purpose::State { lane } if complete => self.publish_state(lane, &request.frames, placed),
            Purpose::Moved { lane, from, records, upto } if complete => {
                let (entries, pieces) = placed.split_at(*records);
                let mut contents = lane.contents();
                if !contents.closed {
                    contents.index.replace(from, *upto, entries);
                    pieces.iter().for_each(|(s, p)| contents.state.relocate(p.position, span(s, p)));
                }
            }
            Purpose::Remove { channel } => {
                if let Some((segment, place)) = placed.last() {
                    let grave = LogPlace { segment: segment.life.sequence, offset: place.offset };
                    hold(&self.shared.catalog).graves.insert(*channel, grave);
                }
            }
            Purpose::State { .. } | Purpose::Moved { .. } | Purpose::Create => {}
        }
        request.answer(answer);
    }

    fn publish_state(&self, lane: &Lane, frames: &Frames, placed: &[(Arc<Segment>, Place)]) {
        let pieces = frames.iter().zip(placed).map(|((header, _), (segment, place))| Piece {
            number: place.position,
            role: match header.kind {
                Kind::Change => Role::Change { after: place.stamp },
                _ => Role::snapshot_from(place.stamp),
            },
            span: span(segment, place),
        });
        let pieces: Vec<Piece> = pieces.collect();
        let mut contents = lane.contents();
        if contents.closed {
            return;
        }
        if pieces.iter().any(|piece| matches!(piece.role, Role::Snapshot { .. })) {
            contents.state.snapshot(pieces);
            drop(contents);
            self.shared.segments.look();
        } else {
            pieces.into_iter().for_each(|piece| contents.state.change(piece));
        }
    }
}

fn span(segment: &Arc<Segment>, place: &Place) -> Span {
    Span { segment: segment.clone(), offset: place.offset, len: place.len }
}
