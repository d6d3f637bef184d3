//! Which channels there are, in memory and on disk.

use crate::frame::{Header, Kind};
use crate::frames::Frames;
use crate::lane::Lane;
use broker_core::{ChannelId, Lane as LaneNumber};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The lanes of every channel.
pub(crate) const LANES: [LaneNumber; 2] = [LaneNumber(0), LaneNumber::DEAD_LETTERS];

/// A place in the log that can be compared: segment, then offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LogPlace {
    pub(crate) segment: u32,
    pub(crate) offset: u32,
}

/// A channel.
pub(crate) struct Channel {
    pub(crate) number: u64,
    /// `None` when only its records survived a damage; it gets its name back when it is opened.
    pub(crate) name: Option<ChannelId>,
    /// Records before this place belong to an earlier channel of the same name.
    pub(crate) since: LogPlace,
    /// In the order of [`LANES`].
    pub(crate) lanes: [Arc<Lane>; 2],
    /// Bytes each of event lane and dead letters may hold; [`NO_BUDGET`]: a share of the disk.
    pub(crate) budget: AtomicU64,
}

/// The channel has no budget of its own.
pub(crate) const NO_BUDGET: u64 = u64::MAX;

impl Channel {
    pub(crate) fn lane(&self, number: LaneNumber) -> Option<&Arc<Lane>> {
        self.lanes.iter().find(|lane| lane.number == number)
    }

    pub(crate) fn mark(&self) -> ChannelMark {
        let lanes = self.lanes.iter().map(|lane| LaneMark {
            lane: lane.number.0,
            first: lane.contents().first,
            next: lane.next.load(Ordering::Acquire),
            next_piece: lane.next_piece.load(Ordering::Acquire),
        });
        let name = self.name.as_ref().map_or("", ChannelId::as_str).to_owned();
        ChannelMark { name, since: self.since, lanes: lanes.collect() }
    }
}

/// All channels, by number.
#[derive(Default)]
pub(crate) struct Catalog {
    pub(crate) channels: HashMap<u64, Arc<Channel>>,
    /// Where channels were removed of which older segments may still hold records.
    pub(crate) graves: HashMap<u64, LogPlace>,
    /// Position at which a channel begins of which nothing is known: not 0 when that may be because of damage.
    pub(crate) fresh_from: u64,
}

impl Catalog {
    /// Every lane of every channel.
    pub(crate) fn lanes(&self) -> Vec<Arc<Lane>> {
        self.channels.values().flat_map(|channel| channel.lanes.iter().cloned()).collect()
    }

    /// What a new segment begins with: all channels, so that what older segments say of channels is not needed.
    pub(crate) fn checkpoint(&mut self, oldest: u32) -> Frames {
        self.graves.retain(|_, grave| grave.segment >= oldest);
        let mut frames = Frames::default();
        for channel in self.channels.values() {
            channel.mark().push(channel.number, &mut frames);
        }
        let mut end = Header::new(Kind::Checkpoint, 0, 0);
        end.position = self.channels.len() as u64;
        frames.push(end, |_| ());
        frames
    }
}

/// The number of a channel in frames. It follows from the name, so that the records of a channel are found
/// again when what says that the channel exists is damaged. (FNV-1a; part of the format.)
pub(crate) fn number(id: &ChannelId) -> u64 {
    id.as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A channel as the log writes it down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChannelMark {
    /// Empty: not known.
    pub(crate) name: String,
    pub(crate) since: LogPlace,
    pub(crate) lanes: Vec<LaneMark>,
}

/// How far a lane is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LaneMark {
    pub(crate) lane: u32,
    pub(crate) first: u64,
    pub(crate) next: u64,
    pub(crate) next_piece: u64,
}

impl ChannelMark {
    /// Adds it as a frame.
    pub(crate) fn push(&self, number: u64, frames: &mut Frames) {
        frames.push(Header::new(Kind::Channel, number, 0), |out| {
            out.extend_from_slice(&self.since.segment.to_le_bytes());
            out.extend_from_slice(&self.since.offset.to_le_bytes());
            out.extend_from_slice(&u32::try_from(self.lanes.len()).unwrap_or(0).to_le_bytes());
            for lane in &self.lanes {
                out.extend_from_slice(&lane.lane.to_le_bytes());
                for number in [lane.first, lane.next, lane.next_piece] {
                    out.extend_from_slice(&number.to_le_bytes());
                }
            }
            out.extend_from_slice(self.name.as_bytes());
        });
    }

    pub(crate) fn decode(mut payload: &[u8]) -> Option<Self> {
        let since = LogPlace { segment: u32_of(&mut payload)?, offset: u32_of(&mut payload)? };
        let count = u32_of(&mut payload)?;
        let mut lanes = Vec::new();
        for _ in 0..count {
            let lane = u32_of(&mut payload)?;
            let (first, next) = (u64_of(&mut payload)?, u64_of(&mut payload)?);
            lanes.push(LaneMark { lane, first, next, next_piece: u64_of(&mut payload)? });
        }
        let name = std::str::from_utf8(payload).ok()?.to_owned();
        Some(Self { name, since, lanes })
    }
}

fn u32_of(bytes: &mut &[u8]) -> Option<u32> {
    let (head, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u32::from_le_bytes(*head))
}

fn u64_of(bytes: &mut &[u8]) -> Option<u64> {
    let (head, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*head))
}
