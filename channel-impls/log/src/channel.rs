//! One channel of the log, as the engine sees it.

use crate::catalog::{Channel, NO_BUDGET};
use crate::extent::Span;
use crate::frame::{HEADER, Header, Kind};
use crate::frames::Frames;
use crate::hold;
use crate::lane::Lane;
use crate::options::MAX_RECORD;
use crate::queue::Purpose;
use crate::read::Records;
use crate::reader::{LaneReader, blocking};
use crate::shared::Shared;
use crate::state::{Role, consistent};
use async_trait::async_trait;
use broker_core::{
    AppendError, ChannelOptions, DeadLetterChange, Entry, Lane as LaneNumber, LaneChange, Log, LogError,
    Position, Reader, StateError, StateWrite,
};
use bytes::Bytes;
use event::Timestamp;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;

/// A channel that was opened.
pub(crate) struct LogChannel {
    shared: Arc<Shared>,
    channel: Arc<Channel>,
    /// Kept so that the receiver does not end: the lanes stay ours.
    ownership: Mutex<Option<mpsc::Sender<LaneChange>>>,
}

impl LogChannel {
    pub(crate) fn new(shared: Arc<Shared>, channel: Arc<Channel>, options: &ChannelOptions) -> Self {
        let log = Self { shared, channel, ownership: Mutex::new(None) };
        log.configure(options);
        log
    }

    fn lane(&self, number: LaneNumber) -> Option<&Arc<Lane>> {
        self.channel.lane(number)
    }

    /// Encodes the entries, here and not on the writer's thread.
    fn encode(&self, lane: &Lane, entries: &[Entry]) -> Result<Frames, AppendError> {
        let mut frames = Frames::with_capacity(entries.iter().map(size_hint).sum());
        for entry in entries {
            let header = Header::new(Kind::Entry, lane.channel, lane.number.0);
            let size = frames.push(header, |out| entry.encode(out));
            if size > MAX_RECORD {
                return Err(AppendError::TooLarge { size, max: MAX_RECORD });
            }
        }
        Ok(frames)
    }

    /// Whether the budget allows so many bytes more.
    fn admit(&self, lane: &Lane, bytes: u64) -> Result<(), AppendError> {
        let own = self.channel.budget.load(Ordering::Relaxed);
        let (used, budget) = if own == NO_BUDGET {
            let share = self.shared.options.disk_budget.unwrap_or(u64::MAX);
            (self.shared.segments.bytes(), share)
        } else {
            (lane.used(), own)
        };
        if used.saturating_add(bytes) > budget {
            return Err(AppendError::Full { used, budget, pinned: None });
        }
        Ok(())
    }
}

/// Bytes that the frame of an entry takes, about.
fn size_hint(entry: &Entry) -> usize {
    match entry {
        Entry::Event(record) => HEADER + record.event.size() + 256,
        Entry::Done(done) => HEADER + 64 + done.group.as_str().len() + done.incarnation.len(),
        Entry::Group(_) | Entry::DeadLetter(_) => HEADER + 1024,
    }
}

/// Entries that free space in the end are never refused for want of space: membership, what is done or moved
/// forward, dead letters that go.
fn frees_space(entry: &Entry) -> bool {
    match entry {
        Entry::Event(record) => record.envelope.origin.is_some(),
        Entry::Group(_) | Entry::Done(_) => true,
        Entry::DeadLetter(change) => matches!(change.as_ref(), DeadLetterChange::Gone { .. }),
    }
}

fn state_frames(lane: &Lane, write: &StateWrite) -> Frames {
    let frame = |role: Role, piece: &Bytes, frames: &mut Frames| {
        let kind = if matches!(role, Role::Change { .. }) { Kind::Change } else { Kind::Snapshot };
        let mut header = Header::new(kind, lane.channel, lane.number.0);
        header.stamp = role.stamp();
        frames.push(header, |out| out.extend_from_slice(piece));
    };
    let mut frames = Frames::default();
    match write {
        // What it follows is filled in by the writer.
        StateWrite::Change(piece) => frame(Role::Change { after: 0 }, piece, &mut frames),
        StateWrite::Snapshot(pieces) => {
            let count = u32::try_from(pieces.len()).unwrap_or(u32::MAX);
            for (index, piece) in (0..).zip(pieces) {
                frame(Role::Snapshot { index, count }, piece, &mut frames);
            }
            if pieces.is_empty() {
                frame(Role::Snapshot { index: 0, count }, &Bytes::new(), &mut frames);
            }
        }
    }
    frames
}

/// Finds the first record of `time` or later among blocks: the block first, then the record in it.
fn first_at(records: &Records<'_>, blocks: &[(Position, Span)], time: u64) -> io::Result<Position> {
    let (mut low, mut high) = (0, blocks.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        // A damaged header says nothing: look further to the front.
        match blocks.get(middle).map(|(_, span)| records.stamp(span)).transpose()?.flatten() {
            Some(stamp) if stamp < time => low = middle + 1,
            _ => high = middle,
        }
    }
    let (from, span) = &blocks[low.saturating_sub(1)];
    let next = blocks.get(low).map_or(Position::MAX, |(first, _)| *first);
    let plan = crate::index::Plan { spans: vec![span.clone()], from: *from, next };
    let found = records.raw(&plan)?.into_iter().find(|(stamp, ..)| *stamp >= time);
    Ok(found.map_or(next, |(_, position, _)| position))
}

/// Wakes the readers of a lane when the append is over, or given up. Not the writer does it but who appends: that is
/// one task less to wake from another thread, and the readers run where the records are at hand.
struct ToldInTheEnd<'a>(&'a Lane);

impl Drop for ToldInTheEnd<'_> {
    fn drop(&mut self) {
        self.0.tell();
    }
}

#[async_trait]
impl Log for LogChannel {
    fn configure(&self, options: &ChannelOptions) {
        self.channel.budget.store(options.byte_budget.unwrap_or(NO_BUDGET), Ordering::Relaxed);
    }

    fn lanes(&self) -> u32 {
        1
    }

    fn ownership(&self) -> mpsc::Receiver<LaneChange> {
        let (told, changes) = mpsc::channel(self.channel.lanes.len());
        for lane in &self.channel.lanes {
            told.try_send(LaneChange::Gained(lane.number)).expect("there is room for all lanes");
        }
        *hold(&self.ownership) = Some(told);
        changes
    }

    async fn append(&self, lane: LaneNumber, entries: Vec<Entry>) -> Result<(), AppendError> {
        let lane = self.lane(lane).ok_or_else(|| AppendError::Unavailable("no such lane".to_owned()))?;
        if entries.is_empty() {
            return Ok(());
        }
        let frames = self.encode(lane, &entries)?;
        let urgent = entries.iter().all(frees_space);
        // An event that goes on takes the place of the one that is done, once that is truncated.
        if !urgent && !matches!(entries.last(), Some(Entry::Done(_))) {
            self.admit(lane, frames.bytes() as u64)?;
        }
        let purpose = Purpose::Entries { lane: lane.clone(), entries };
        let _told = ToldInTheEnd(lane);
        self.shared.queue.submit(frames, purpose, urgent).await.map_err(AppendError::Unavailable)
    }

    fn read(&self, lane: LaneNumber, from: Position) -> Box<dyn Reader> {
        let lane = self.lane(lane).unwrap_or(&self.channel.lanes[0]).clone();
        Box::new(LaneReader::new(self.shared.clone(), lane, from))
    }

    async fn get(
        &self,
        lane: LaneNumber,
        positions: &[Position],
    ) -> Result<Vec<(Position, Entry)>, LogError> {
        let lane = self.lane(lane).ok_or(LogError::Closed)?;
        let (mut found, spans) = lane.find(positions).ok_or(LogError::Closed)?;
        if spans.is_empty() {
            return Ok(found);
        }
        let (shared, lane, positions) = (self.shared.clone(), lane.clone(), positions.to_vec());
        let far = blocking(move || Records::new(&shared, &lane).at(&spans, &positions)).await?;
        found.extend(far);
        found.sort_by_key(|(position, _)| *position);
        found.dedup_by_key(|(position, _)| *position);
        Ok(found)
    }

    async fn first(&self, lane: LaneNumber) -> Result<Position, LogError> {
        let contents = self.lane(lane).ok_or(LogError::Closed)?.contents();
        let first = contents.index.first().unwrap_or(contents.end).max(contents.first);
        if contents.closed { Err(LogError::Closed) } else { Ok(first) }
    }

    async fn end(&self, lane: LaneNumber) -> Result<Position, LogError> {
        let contents = self.lane(lane).ok_or(LogError::Closed)?.contents();
        if contents.closed { Err(LogError::Closed) } else { Ok(contents.end) }
    }

    async fn position_at(&self, lane: LaneNumber, time: Timestamp) -> Result<Position, LogError> {
        let lane = self.lane(lane).ok_or(LogError::Closed)?.clone();
        let (blocks, end) = {
            let contents = lane.contents();
            (contents.index.around(time.0), contents.end)
        };
        if blocks.is_empty() {
            return Ok(end);
        }
        let shared = self.shared.clone();
        blocking(move || first_at(&Records::new(&shared, &lane), &blocks, time.0)).await.map(|p| p.min(end))
    }

    async fn truncate(&self, lane: LaneNumber, below: Position) -> Result<(), LogError> {
        let lane = self.lane(lane).ok_or(LogError::Closed)?;
        if let Some(left) = lane.truncate(below) {
            self.shared.truncated(lane, left);
        }
        Ok(())
    }

    async fn put_state(&self, lane: LaneNumber, write: StateWrite) -> Result<(), StateError> {
        let lane = self.lane(lane).ok_or_else(|| StateError::Unavailable("no such lane".to_owned()))?;
        let frames = state_frames(lane, &write);
        let purpose = Purpose::State { lane: lane.clone() };
        self.shared.queue.submit(frames, purpose, true).await.map_err(StateError::Unavailable)
    }

    async fn load_state(&self, lane: LaneNumber) -> Result<Vec<Bytes>, LogError> {
        let lane = self.lane(lane).ok_or(LogError::Closed)?.clone();
        let pieces = lane.contents().state.pieces();
        let shared = self.shared.clone();
        blocking(move || {
            let records = Records::new(&shared, &lane);
            let mut read = Vec::with_capacity(pieces.len());
            for piece in pieces {
                if let Some(bytes) = records.piece(&piece)? {
                    read.push((piece, bytes));
                }
            }
            let (pieces, bytes): (Vec<_>, Vec<_>) = read.into_iter().unzip();
            let sound = consistent(&pieces);
            let is_sound = |number| sound.binary_search_by_key(&number, |piece| piece.number).is_ok();
            let kept = pieces.iter().zip(bytes).filter(|(piece, _)| is_sound(piece.number));
            let told = kept.filter(|(piece, _)| !matches!(piece.role, Role::Snapshot { count: 0, .. }));
            Ok(told.map(|(_, bytes)| bytes).collect())
        })
        .await
    }

    fn bytes(&self) -> u64 {
        self.channel.lanes.iter().map(|lane| lane.used()).sum()
    }
}
