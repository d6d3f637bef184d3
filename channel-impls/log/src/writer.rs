//! The one thread that writes: everything that waits becomes one batch, one write, one `fdatasync`.
//!
//! Order that matters: a segment is synced before its successor is begun; a record is visible, and its append
//! answered, only after the sync; a segment counts as sealed only after the checkpoint above it is durable.

use crate::catalog::LogPlace;
use crate::frame::{Header, Kind, seal};
use crate::frames::Frames;
use crate::hold;
use crate::index::{Place, Span};
use crate::lane::Lane;
use crate::queue::{Purpose, Request};
use crate::segment::{Segment, SegmentHeader};
use crate::shared::Shared;
use crate::state::{Piece, Role};
use broker_core::Health;
use event::Timestamp;
use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// The last part of a segment, for requests that free space, while the disk is full.
const RESERVE_SHARE: u32 = 4;
/// The next segment is asked for when this part of one is used.
const PREPARE_SHARE: u32 = 4;
/// Memory that an entry costs besides its bytes, about.
const ENTRY_OVERHEAD: usize = 256;

/// Why a frame was not placed.
enum Stop {
    /// No room: the request is refused, the log goes on.
    Refused(String),
    /// The disk failed: the log stops.
    Broken(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

pub(crate) struct Writer {
    shared: Arc<Shared>,
    active: Option<Arc<Segment>>,
    /// Frames that are placed and not yet written; they go to `start` of the active segment.
    batch: Vec<u8>,
    start: u32,
    /// Something is written and not yet synced.
    dirty: bool,
    /// Everything placed in this batch, in order.
    placed: Vec<(Arc<Segment>, Place)>,
    /// A segment was begun in this batch.
    begun: bool,
    now: u64,
    tails: Tails,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, last_time: u64) -> Self {
        Self {
            tails: Tails::new(shared.options.tail_bytes),
            shared,
            active: None,
            batch: Vec::new(),
            start: 0,
            dirty: false,
            placed: Vec::new(),
            begun: false,
            now: last_time,
        }
    }

    /// Writes until the queue ends or the disk fails.
    pub(crate) fn run(mut self) {
        let (mut requests, mut marks) = (Vec::new(), Vec::new());
        while self.shared.queue.take(&mut requests, &mut marks) {
            self.shared.queue.release(&requests);
            if let Err(error) = self.commit(&mut requests, &mut marks) {
                self.fail(&error, requests);
                return;
            }
        }
    }

    /// One batch. After `Err` nothing is known about what is durable.
    fn commit(&mut self, requests: &mut Vec<Request>, marks: &mut Vec<Arc<Lane>>) -> io::Result<()> {
        self.now = self.now.max(Timestamp::now().0);
        let mut outcomes = Vec::with_capacity(requests.len());
        for request in requests.iter() {
            let start = self.placed.len();
            let answer = match self.place(request) {
                Ok(()) => Ok(()),
                Err(Stop::Refused(reason)) => Err(reason),
                Err(Stop::Broken(error)) => return Err(error),
            };
            outcomes.push((start..self.placed.len(), answer));
        }
        self.mark(marks)?;
        self.sync()?;
        for (request, (range, answer)) in requests.drain(..).zip(outcomes) {
            self.publish(request, range, answer);
        }
        self.after();
        Ok(())
    }

    /// What is due once a batch is durable and visible.
    fn after(&mut self) {
        self.placed.clear();
        self.tails.trim();
        let Some(active) = &self.active else { return };
        if std::mem::take(&mut self.begun) {
            self.shared.segments.seal(active.life.sequence);
        }
        if self.start > active.capacity / PREPARE_SHARE {
            self.shared.segments.prepare();
        }
    }

    // --- placing ---

    fn place(&mut self, request: &Request) -> Result<(), Stop> {
        match &request.purpose {
            Purpose::Entries { lane, .. } => self.place_entries(lane, request),
            Purpose::State { lane } => self.place_state(lane, request),
            Purpose::Moved { lane, .. } => {
                still_there(lane)?;
                self.place_as_they_are(request)
            }
            Purpose::Create | Purpose::Remove { .. } => self.place_as_they_are(request),
        }
    }

    fn place_entries(&mut self, lane: &Arc<Lane>, request: &Request) -> Result<(), Stop> {
        still_there(lane)?;
        for (_, frame) in request.frames.iter() {
            self.room(frame.len(), request.urgent)?;
            // Read after a new segment was begun: its checkpoint tells the position before.
            let position = lane.next.fetch_add(1, Ordering::AcqRel);
            self.put(frame, position, self.now);
        }
        Ok(())
    }

    fn place_state(&mut self, lane: &Arc<Lane>, request: &Request) -> Result<(), Stop> {
        still_there(lane)?;
        for (header, frame) in request.frames.iter() {
            self.room(frame.len(), request.urgent)?;
            let number = lane.next_piece.fetch_add(1, Ordering::AcqRel);
            let stamp = match header.kind {
                Kind::Change => lane.last_piece.load(Ordering::Acquire),
                _ => header.stamp,
            };
            self.put(frame, number, stamp);
        }
        // A snapshot that does not become complete is none: what follows follows what was before it.
        lane.last_piece.store(lane.next_piece.load(Ordering::Acquire) - 1, Ordering::Release);
        Ok(())
    }

    fn place_as_they_are(&mut self, request: &Request) -> Result<(), Stop> {
        for (header, frame) in request.frames.iter() {
            self.room(frame.len(), request.urgent)?;
            self.put(frame, header.position, header.stamp);
        }
        Ok(())
    }

    /// Writes down truncations, as far as there is room: the next checkpoint has them anyway.
    fn mark(&mut self, marks: &mut Vec<Arc<Lane>>) -> io::Result<()> {
        for lane in marks.drain(..) {
            lane.unmarked.store(false, Ordering::Release);
            let mut header = Header::new(Kind::Mark, lane.channel, lane.number.0);
            header.position = lane.contents().first;
            header.stamp = lane.next.load(Ordering::Acquire);
            let mut frames = Frames::default();
            frames.push(header, |_| ());
            for (header, frame) in frames.iter() {
                match self.room(frame.len(), true) {
                    Ok(()) => self.put(frame, header.position, header.stamp),
                    Err(Stop::Refused(_)) => {}
                    Err(Stop::Broken(error)) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// Makes room for a frame, in the next segment if need be.
    fn room(&mut self, bytes: usize, urgent: bool) -> Result<(), Stop> {
        let end = self.end() + bytes as u64;
        match &self.active {
            Some(active) if end <= u64::from(active.capacity) => {
                let reserve = u64::from(active.capacity / RESERVE_SHARE);
                if !urgent && end + reserve > u64::from(active.capacity) {
                    self.shared.segments.exhausted().map_or(Ok(()), |reason| Err(Stop::Refused(reason)))?;
                }
                Ok(())
            }
            _ => self.begin(bytes),
        }
    }

    /// Where the next frame goes in the active segment.
    fn end(&self) -> u64 {
        u64::from(self.start) + self.batch.len() as u64
    }

    /// Adds the frame to the batch; there is room.
    fn put(&mut self, frame: &[u8], position: u64, stamp: u64) {
        let Some(active) = &self.active else { return };
        let at = self.batch.len();
        let offset = u32::try_from(self.end()).unwrap_or(u32::MAX);
        let len = u32::try_from(frame.len()).unwrap_or(u32::MAX);
        self.batch.extend_from_slice(frame);
        seal(&mut self.batch[at..], active.life, position, stamp);
        self.placed.push((active.clone(), Place { position, stamp, offset, len }));
    }

    /// Goes on in the next segment, which has room for a frame of so many bytes.
    fn begin(&mut self, bytes: usize) -> Result<(), Stop> {
        self.sync()?;
        let checkpoint = hold(&self.shared.catalog).checkpoint(self.shared.segments.oldest());
        let need = u64::from(SegmentHeader::BYTES) + (checkpoint.bytes() + bytes) as u64;
        let next = self.shared.segments.next(need).map_err(Stop::Refused)?;
        self.active = Some(next);
        self.start = SegmentHeader::BYTES;
        self.begun = true;
        // The checkpoint belongs to no request: it does not count as placed.
        let placed = self.placed.len();
        for (header, frame) in checkpoint.iter() {
            self.put(frame, header.position, header.stamp);
        }
        self.placed.truncate(placed);
        Ok(())
    }

    // --- the disk ---

    fn write(&mut self) -> io::Result<()> {
        let Some(active) = &self.active else { return Ok(()) };
        if !self.batch.is_empty() {
            active.file.write_at(u64::from(self.start), &self.batch)?;
            self.start += u32::try_from(self.batch.len()).unwrap_or(u32::MAX);
            self.batch.clear();
            self.dirty = true;
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.write()?;
        if let Some(active) = self.active.as_ref().filter(|_| self.dirty) {
            let began = Instant::now();
            active.file.sync_data()?;
            self.shared.metrics.fsync.observe(began.elapsed().as_secs_f64());
            self.dirty = false;
        }
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

    // --- publishing ---

    /// The request is durable, or as much of it as was placed.
    fn publish(&mut self, mut request: Request, range: Range<usize>, answer: Result<(), String>) {
        let placed = self.placed.get(range).unwrap_or_default();
        let complete = answer.is_ok();
        match &mut request.purpose {
            Purpose::Entries { lane, entries } => {
                let entries = std::mem::take(entries);
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

fn still_there(lane: &Lane) -> Result<(), Stop> {
    if lane.gone.load(Ordering::Acquire) {
        return Err(Stop::Refused("the channel is removed".to_owned()));
    }
    Ok(())
}

fn span(segment: &Arc<Segment>, place: &Place) -> Span {
    Span { segment: segment.clone(), offset: place.offset, len: place.len }
}

/// Bounds the tails of all lanes together: the oldest appends leave first.
struct Tails {
    limit: usize,
    bytes: usize,
    appends: VecDeque<(Arc<Lane>, u64, usize)>,
}

impl Tails {
    fn new(limit: usize) -> Self {
        Self { limit, bytes: 0, appends: VecDeque::new() }
    }

    fn note(&mut self, lane: &Arc<Lane>, end: u64, bytes: usize) {
        self.bytes += bytes;
        self.appends.push_back((lane.clone(), end, bytes));
    }

    fn trim(&mut self) {
        while self.bytes > self.limit {
            let Some((lane, end, bytes)) = self.appends.pop_front() else { return };
            lane.contents().tail.drop_below(end);
            self.bytes -= bytes;
        }
    }
}
