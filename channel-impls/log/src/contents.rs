//! What one segment holds, as opening needs it.

use crate::Damage;
use crate::catalog::{ChannelMark, LaneMark, LogPlace};
use crate::extent::{Place, Span};
use crate::frame::{Header, Kind};
use crate::index::Index;
use crate::scan::{Found, Scanner};
use crate::segment::{Segment, SegmentHeader};
use crate::state::{Piece, Role};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What is known of one lane.
#[derive(Default)]
pub(crate) struct Part {
    /// Records where they were appended.
    pub(crate) index: Index,
    /// Records that were moved forward.
    pub(crate) moved: Vec<(Arc<Segment>, Place)>,
    /// Pieces of state.
    pub(crate) pieces: Vec<Piece>,
    /// Nothing below is wanted.
    pub(crate) first: u64,
    /// Above all positions that were given.
    pub(crate) next: u64,
    /// Above all pieces that were written.
    pub(crate) next_piece: u64,
}

impl Part {
    /// Adds what a later segment holds.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.index.absorb(other.index);
        self.moved.extend(other.moved);
        self.pieces.extend(other.pieces);
        self.first = self.first.max(other.first);
        self.next = self.next.max(other.next);
        self.next_piece = self.next_piece.max(other.next_piece);
    }

    pub(crate) fn raise(&mut self, mark: &LaneMark) {
        self.first = self.first.max(mark.first);
        self.next = self.next.max(mark.next);
        self.next_piece = self.next_piece.max(mark.next_piece);
    }

    /// Forgets what lies in segments before `sequence`.
    pub(crate) fn retain_from(&mut self, sequence: u32) {
        self.index.retain_from(sequence);
        self.moved.retain(|(segment, _)| segment.life.sequence >= sequence);
        self.pieces.retain(|piece| piece.span.segment.life.sequence >= sequence);
    }

    fn record(&mut self, segment: &Arc<Segment>, header: &Header, place: Place) {
        if header.moved || place.position < self.index.end() {
            self.moved.push((segment.clone(), place));
        } else {
            self.index.push(segment, &place);
        }
        self.next = self.next.max(place.position.saturating_add(1));
    }

    fn piece(&mut self, segment: &Arc<Segment>, role: Role, place: Place) {
        let span = Span { segment: segment.clone(), offset: place.offset, len: place.len };
        self.pieces.push(Piece { number: place.position, role, span });
        self.next_piece = self.next_piece.max(place.position.saturating_add(1));
    }
}

/// What one segment holds.
#[derive(Default)]
pub(crate) struct SegmentContents {
    pub(crate) parts: HashMap<(u64, u32), Part>,
    /// The last word on each channel.
    pub(crate) channels: HashMap<u64, ChannelMark>,
    /// Removed here; what `parts` has came later.
    pub(crate) removed: Vec<(u64, LogPlace)>,
    /// All channels that there were when the segment was begun.
    pub(crate) checkpoint: Option<HashSet<u64>>,
    pub(crate) damage: Vec<Damage>,
    pub(crate) frames: usize,
    pub(crate) last_time: u64,
}

/// Reads a segment as far as it can be read.
pub(crate) fn read_segment(segment: &Arc<Segment>) -> SegmentContents {
    let bytes = load(segment);
    let mut contents = SegmentContents::default();
    // Damage counts once something sound follows; before that it may be a torn tail.
    let mut doubtful = Vec::new();
    for found in Scanner::new(&bytes, SegmentHeader::BYTES, segment.life) {
        match found {
            Found::Frame { offset, header, payload } => {
                contents.damage.append(&mut doubtful);
                contents.frames += 1;
                contents.frame(segment, offset, &header, bytes.get(payload).unwrap_or_default());
            }
            Found::Damaged { offset, bytes, header } => {
                contents.lost(header);
                doubtful.push(Damage { file: segment.name(), offset, bytes });
            }
        }
    }
    contents
}

/// The frames' bytes. Where the disk cannot read there are zeros, and so damage.
fn load(segment: &Segment) -> Vec<u8> {
    const PAGE: usize = 4096;
    let start = SegmentHeader::BYTES;
    let mut bytes = vec![0; segment.capacity.saturating_sub(start) as usize];
    if segment.file.read_at(u64::from(start), &mut bytes).is_err() {
        for (i, page) in bytes.chunks_mut(PAGE).enumerate() {
            if segment.file.read_at(u64::from(start) + (i * PAGE) as u64, page).is_err() {
                page.fill(0);
            }
        }
    }
    bytes
}

impl SegmentContents {
    fn frame(&mut self, segment: &Arc<Segment>, offset: u32, header: &Header, payload: &[u8]) {
        let len = u32::try_from(header.frame_len()).unwrap_or(u32::MAX);
        let place = Place { position: header.position, stamp: header.stamp, offset, len };
        match header.kind {
            Kind::Entry => {
                self.last_time = self.last_time.max(header.stamp);
                self.part(header).record(segment, header, place);
            }
            Kind::Change => self.part(header).piece(segment, Role::Change { after: header.stamp }, place),
            Kind::Snapshot => self.part(header).piece(segment, Role::snapshot_from(header.stamp), place),
            Kind::Mark => {
                let part = self.part(header);
                part.first = part.first.max(header.position);
                part.next = part.next.max(header.stamp);
            }
            Kind::Channel => {
                if let Some(mark) = ChannelMark::decode(payload) {
                    self.channels.insert(header.channel, mark);
                }
            }
            Kind::Checkpoint => {
                let listed: HashSet<u64> = self.channels.keys().copied().collect();
                // One that is damaged is missing: then nothing can be said of channels that are not listed.
                self.checkpoint = (listed.len() as u64 == header.position).then_some(listed);
            }
            Kind::Remove => {
                for (_, mut part) in self.parts.extract_if(|(channel, _), _| *channel == header.channel) {
                    part.index.clear();
                }
                self.channels.remove(&header.channel);
                self.removed.push((header.channel, LogPlace { segment: segment.life.sequence, offset }));
            }
        }
    }

    fn part(&mut self, header: &Header) -> &mut Part {
        self.parts.entry((header.channel, header.lane)).or_default()
    }

    /// A damaged record's header still tells which position was given.
    fn lost(&mut self, header: Option<Header>) {
        if let Some(header) = header.filter(|header| header.kind == Kind::Entry) {
            let part = self.part(&header);
            part.next = part.next.max(header.position.saturating_add(1));
        }
    }
}
