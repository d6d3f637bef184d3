//! One batch on its way to the disk: frames are placed in the active segment, written, synced.

use crate::extent::Place;
use crate::frame::{Header, Kind, seal};
use crate::frames::Frames;
use crate::hold;
use crate::lane::Lane;
use crate::queue::{Purpose, Request};
use crate::segment::{Segment, SegmentHeader};
use crate::shared::Shared;
use broker_core::Entry;
use event::Timestamp;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// The last part of a segment, for requests that free space, while the disk is full.
const RESERVE_SHARE: u32 = 4;
/// The next segment is asked for when this part of one is used.
const PREPARE_SHARE: u32 = 4;
/// Bytes that are gathered before they are written.
const GATHERED: usize = 1 << 20;

/// What a request may use while the disk is full.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Claim {
    /// What is left of the active segment but for the reserve.
    Ordinary,
    /// The reserve.
    Reserve,
    /// A spare: what frees space and takes little.
    LastResort,
}

impl Claim {
    fn of(request: &Request) -> Self {
        let is_event = |entry: &Entry| matches!(entry, Entry::Event(_));
        match &request.purpose {
            _ if !request.urgent => Self::Ordinary,
            Purpose::Moved { .. } => Self::Reserve,
            Purpose::Entries { entries, .. } if entries.iter().any(is_event) => Self::Reserve,
            _ => Self::LastResort,
        }
    }
}

/// Why a frame was not placed.
pub(crate) enum Stop {
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

/// The batch and the segment it goes to. Nothing of it is visible before [`Batch::sync`].
pub(crate) struct Batch {
    shared: Arc<Shared>,
    active: Option<Arc<Segment>>,
    /// Frames that are placed and not yet written; they go to `start` of the active segment.
    bytes: Vec<u8>,
    start: u32,
    /// Something is written and not yet synced.
    dirty: bool,
    /// Everything placed for requests, in order.
    placed: Vec<(Arc<Segment>, Place)>,
    /// A segment was begun in this batch.
    begun: bool,
    /// Log time, in ms: the wall clock, but it never goes back.
    now: u64,
}

impl Batch {
    pub(crate) fn new(shared: Arc<Shared>, last_time: u64) -> Self {
        Self {
            shared,
            active: None,
            bytes: Vec::new(),
            start: 0,
            dirty: false,
            placed: Vec::new(),
            begun: false,
            now: last_time,
        }
    }

    /// Begins the next batch.
    pub(crate) fn start(&mut self) {
        self.now = self.now.max(Timestamp::now().0);
    }

    /// How many frames are placed.
    pub(crate) fn count(&self) -> usize {
        self.placed.len()
    }

    pub(crate) fn placed(&self, range: Range<usize>) -> &[(Arc<Segment>, Place)] {
        self.placed.get(range).unwrap_or_default()
    }

    /// What is due once a batch is durable and visible.
    pub(crate) fn finish(&mut self) {
        // Now, not with the next batch: it keeps segments from being given back.
        self.placed.clear();
        let Some(active) = &self.active else { return };
        if std::mem::take(&mut self.begun) {
            self.shared.segments.seal(active.life.sequence);
        }
        if self.start > active.capacity / PREPARE_SHARE {
            self.shared.segments.prepare();
        }
    }

    /// Places all frames of a request, or as many as there is room for.
    pub(crate) fn place(&mut self, request: &Request) -> Result<(), Stop> {
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
            self.room(frame.len(), Claim::of(request))?;
            // Read after a new segment was begun: its checkpoint tells the position before.
            let position = lane.next.fetch_add(1, Ordering::AcqRel);
            self.put(frame, position, self.now);
        }
        Ok(())
    }

    fn place_state(&mut self, lane: &Arc<Lane>, request: &Request) -> Result<(), Stop> {
        still_there(lane)?;
        for (header, frame) in request.frames.iter() {
            self.room(frame.len(), Claim::of(request))?;
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
            self.room(frame.len(), Claim::of(request))?;
            self.put(frame, header.position, header.stamp);
        }
        Ok(())
    }

    /// Writes down truncations, as far as there is room: the next checkpoint has them anyway.
    pub(crate) fn mark(&mut self, marks: &mut Vec<Arc<Lane>>) -> io::Result<()> {
        for lane in marks.drain(..) {
            lane.unmarked.store(false, Ordering::Release);
            let mut header = Header::new(Kind::Mark, lane.channel, lane.number.0);
            header.position = lane.contents().first;
            header.stamp = lane.next.load(Ordering::Acquire);
            let mut frames = Frames::default();
            frames.push(header, |_| ());
            for (header, frame) in frames.iter() {
                match self.room(frame.len(), Claim::LastResort) {
                    Ok(()) => self.put(frame, header.position, header.stamp),
                    Err(Stop::Refused(_)) => {}
                    Err(Stop::Broken(error)) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// Makes room for a frame, in the next segment if need be.
    fn room(&mut self, bytes: usize, claim: Claim) -> Result<(), Stop> {
        if self.bytes.len() > GATHERED {
            self.write()?;
        }
        let end = self.end() + bytes as u64;
        match &self.active {
            Some(active) if end <= u64::from(active.capacity) => {
                let reserve = u64::from(active.capacity / RESERVE_SHARE);
                let kept_for = match active.spare {
                    true => Claim::LastResort,
                    false if end + reserve > u64::from(active.capacity) => Claim::Reserve,
                    false => Claim::Ordinary,
                };
                if claim < kept_for {
                    self.shared.segments.exhausted().map_or(Ok(()), |reason| Err(Stop::Refused(reason)))?;
                }
                Ok(())
            }
            _ => self.begin(bytes, claim),
        }
    }

    /// Where the next frame goes in the active segment.
    fn end(&self) -> u64 {
        u64::from(self.start) + self.bytes.len() as u64
    }

    /// Adds the frame to the batch; there is room.
    fn put(&mut self, frame: &[u8], position: u64, stamp: u64) {
        let Some(active) = &self.active else { return };
        let at = self.bytes.len();
        let offset = u32::try_from(self.end()).unwrap_or(u32::MAX);
        let len = u32::try_from(frame.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(frame);
        seal(&mut self.bytes[at..], active.life, position, stamp);
        self.placed.push((active.clone(), Place { position, stamp, offset, len }));
    }

    /// Goes on in the next segment, which has room for a frame of so many bytes.
    fn begin(&mut self, bytes: usize, claim: Claim) -> Result<(), Stop> {
        self.sync()?;
        let checkpoint = hold(&self.shared.catalog).checkpoint(self.shared.segments.oldest());
        let need = u64::from(SegmentHeader::BYTES) + (checkpoint.bytes() + bytes) as u64;
        let next = self.shared.segments.next(need, claim == Claim::LastResort).map_err(Stop::Refused)?;
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

    fn write(&mut self) -> io::Result<()> {
        let Some(active) = &self.active else { return Ok(()) };
        if !self.bytes.is_empty() {
            active.file.write_at(u64::from(self.start), &self.bytes)?;
            self.start += u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
            self.bytes.clear();
            self.bytes.shrink_to(GATHERED);
            self.dirty = true;
        }
        Ok(())
    }

    /// Makes everything placed durable.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.write()?;
        if let Some(active) = self.active.as_ref().filter(|_| self.dirty) {
            let began = Instant::now();
            active.file.sync_data()?;
            self.shared.metrics.fsync.observe(began.elapsed().as_secs_f64());
            self.dirty = false;
        }
        Ok(())
    }
}

fn still_there(lane: &Lane) -> Result<(), Stop> {
    if lane.gone.load(Ordering::Acquire) {
        return Err(Stop::Refused("the channel is removed".to_owned()));
    }
    Ok(())
}
