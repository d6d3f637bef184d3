//! Opens what is there: reads all segments and says what is in them. It never fails for damage.

use crate::catalog::{Catalog, Channel, ChannelMark, LANES, LogPlace, NO_BUDGET};
use crate::contents::{Part, SegmentContents, read_segment};
use crate::disk::{Disk, DiskFile};
use crate::frame::Life;
use crate::lane::{Contents, Lane};
use crate::segment::{Segment, SegmentHeader, VERSION, bad_name, name};
use crate::segments::{Files, Free, POOL};
use crate::spares::{self, SPARES};
use crate::state::State;
use crate::tail::Tail;
use crate::{Damage, OpenError, hold};
use broker_core::ChannelId;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

/// After damage each lane skips so many positions: one that was given before is never given again.
const SKIP: u64 = 1 << 32;

/// What was found.
pub(crate) struct Recovered {
    pub(crate) id: [u8; 16],
    pub(crate) catalog: Catalog,
    pub(crate) files: Files,
    pub(crate) last_time: u64,
    pub(crate) damage: Vec<Damage>,
}

/// Files as their names say.
#[derive(Default)]
struct Named {
    segments: Vec<(u32, Arc<dyn DiskFile>, Option<SegmentHeader>)>,
    free: Vec<Free>,
    spares: Vec<Free>,
    last: Option<u32>,
}

/// Reads the folder.
pub(crate) fn recover(disk: &dyn Disk, segment_bytes: u32) -> Result<Recovered, Failure> {
    let files = files(disk, segment_bytes)?;
    let id = files.segments.iter().find_map(|(_, _, header)| header.map(|h| h.id)).unwrap_or_else(random);
    let mut damage = Vec::new();
    let mut segments = BTreeMap::new();
    for (sequence, file, header) in &files.segments {
        // A header of another life: the file was about to become this segment when the power went.
        if header.is_some_and(|header| header.sequence != *sequence) {
            disk.remove(&name(*sequence))?;
            continue;
        }
        let capacity = u32::try_from(file.len()?).unwrap_or(u32::MAX);
        let life = Life::new(&id, *sequence);
        segments.insert(*sequence, Arc::new(Segment::new(life, file.clone(), capacity)));
    }
    let mut contents = read_all(&segments);
    for (sequence, ..) in files.segments.iter().filter(|(_, _, header)| header.is_none()) {
        damage.extend(headless(disk, &mut segments, &mut contents, *sequence)?);
    }
    make_durable(&segments, &contents)?;
    let sealed_below = contents.iter().rev().find(|(_, found)| found.checkpoint.is_some()).map(|(n, _)| *n);
    let is_empty = |sequence: &u32| contents.get(sequence).is_some_and(|found| found.frames == 0);
    let empty =
        segments.extract_if(.., |sequence, _| is_empty(sequence)).map(|(_, segment)| segment).collect();
    let mut history = History::default();
    for (sequence, contents) in contents {
        damage.extend(contents.damage.iter().cloned());
        history.add(sequence, contents);
    }
    let last_time = history.last_time;
    let catalog = history.catalog(if damage.is_empty() { 0 } else { SKIP });
    let files = Files {
        segments,
        empty,
        free: files.free,
        spares: files.spares,
        next_sequence: files.last.map_or(1, |last| last + 1),
        // After damage the old ones are needed until this process wrote a checkpoint.
        sealed_below: sealed_below.filter(|_| damage.is_empty()).unwrap_or(0),
    };
    Ok(Recovered { id, catalog, files, last_time, damage })
}

/// Why a folder could not be read.
pub(crate) enum Failure {
    Io(io::Error),
    Open(OpenError),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn files(disk: &dyn Disk, segment_bytes: u32) -> Result<Named, Failure> {
    let mut files = Named::default();
    for file_name in disk.list()? {
        if spares::is_name(&file_name) {
            keep(disk, file_name, spares::bytes(segment_bytes), SPARES, &mut files.spares)?;
            continue;
        }
        let Some((number, kind)) = file_name.split_once('.') else { continue };
        let Ok(sequence) = number.parse::<u32>() else { continue };
        match kind {
            "log" => {
                let file = disk.open(&file_name)?;
                let header = header(file.as_ref(), &file_name)?;
                files.segments.push((sequence, file, header));
            }
            "free" => keep(disk, file_name, u64::from(segment_bytes), POOL, &mut files.free)?,
            "new" => disk.remove(&file_name)?,
            _ => continue,
        }
        files.last = files.last.max(Some(sequence));
    }
    files.segments.sort_by_key(|(sequence, ..)| *sequence);
    Ok(files)
}

/// Keeps a file that waits for its next life, if it has the size and there are not too many.
fn keep(disk: &dyn Disk, name: String, bytes: u64, most: usize, kept: &mut Vec<Free>) -> io::Result<()> {
    let file = disk.open(&name)?;
    if file.len()? != bytes || kept.len() == most {
        return disk.remove(&name);
    }
    kept.push(Free { name, file });
    Ok(())
}

/// The header of a file; `None` when it is damaged.
fn header(file: &dyn DiskFile, name: &str) -> Result<Option<SegmentHeader>, Failure> {
    let mut bytes = [0; SegmentHeader::BYTES as usize];
    // What cannot be read is damaged.
    let _ = file.read_at(0, &mut bytes);
    match SegmentHeader::read(&bytes) {
        Some(header) if header.version > VERSION => {
            let (file, version) = (name.to_owned(), header.version);
            Err(Failure::Open(OpenError::Newer { file, version, known: VERSION }))
        }
        header => Ok(header),
    }
}

fn random() -> [u8; 16] {
    let word = || RandomState::new().build_hasher().finish().to_le_bytes();
    let mut id = [0; 16];
    id[..8].copy_from_slice(&word());
    id[8..].copy_from_slice(&word());
    id
}

/// A file without a readable header. With frames it is a segment all the same.
fn headless(
    disk: &dyn Disk,
    segments: &mut BTreeMap<u32, Arc<Segment>>,
    contents: &mut BTreeMap<u32, SegmentContents>,
    sequence: u32,
) -> io::Result<Option<Damage>> {
    let damage = Damage { file: name(sequence), offset: 0, bytes: SegmentHeader::BYTES };
    if contents.get(&sequence).is_some_and(|contents| contents.frames > 0) {
        return Ok(Some(damage));
    }
    contents.remove(&sequence);
    let Some(segment) = segments.remove(&sequence) else { return Ok(None) };
    let mut first = [0; SegmentHeader::BYTES as usize];
    let read = segment.file.read_at(0, &mut first);
    if read.is_ok() && first.iter().all(|byte| *byte == 0) {
        // Made, but never written to: the power went before anything was promised.
        disk.remove(&name(sequence))?;
        return Ok(None);
    }
    disk.rename(&name(sequence), &bad_name(sequence))?;
    Ok(Some(Damage { file: bad_name(sequence), ..damage }))
}

/// Reads all segments, some at a time.
fn read_all(segments: &BTreeMap<u32, Arc<Segment>>) -> BTreeMap<u32, SegmentContents> {
    let work = Mutex::new(segments.iter());
    let done = Mutex::new(BTreeMap::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(segments.len()) {
            scope.spawn(|| {
                loop {
                    let Some((sequence, segment)) = hold(&work).next() else { return };
                    let contents = read_segment(segment);
                    hold(&done).insert(*sequence, contents);
                }
            });
        }
    });
    done.into_inner().unwrap_or_default()
}

/// A process that was killed may have written what it never synced. What readers are shown from now on must
/// not vanish, and only the newest segment with frames can hold such.
fn make_durable(
    segments: &BTreeMap<u32, Arc<Segment>>,
    contents: &BTreeMap<u32, SegmentContents>,
) -> io::Result<()> {
    let newest = contents.iter().rev().find(|(_, contents)| contents.frames > 0);
    let segment = newest.and_then(|(sequence, _)| segments.get(sequence));
    segment.map_or(Ok(()), |segment| segment.file.sync_data())
}

/// The segments read so far, as one.
#[derive(Default)]
struct History {
    parts: HashMap<(u64, u32), Part>,
    known: HashMap<u64, ChannelMark>,
    graves: HashMap<u64, LogPlace>,
    last_time: u64,
}

impl History {
    /// Adds the next segment.
    fn add(&mut self, sequence: u32, contents: SegmentContents) {
        self.last_time = self.last_time.max(contents.last_time);
        if let Some(listed) = contents.checkpoint {
            // Channels that are not listed were removed before.
            self.forget(LogPlace { segment: sequence, offset: 0 }, |channel| !listed.contains(&channel));
        }
        for (channel, place) in contents.removed {
            self.forget(place, |other| other == channel);
        }
        for (channel, mark) in contents.channels {
            for part in self.parts.iter_mut().filter(|((c, _), _)| *c == channel).map(|(_, part)| part) {
                part.retain_from(mark.since.segment);
            }
            self.known.insert(channel, mark);
        }
        for (key, part) in contents.parts {
            self.parts.entry(key).or_default().absorb(part);
        }
    }

    fn forget(&mut self, place: LogPlace, gone: impl Fn(u64) -> bool) {
        for ((channel, _), mut part) in self.parts.extract_if(|(channel, _), _| gone(*channel)) {
            part.index.clear();
            self.graves.insert(channel, place);
        }
        self.known.retain(|channel, _| !gone(*channel));
    }

    fn catalog(mut self, skip: u64) -> Catalog {
        let mut numbers: HashSet<u64> = self.parts.keys().map(|(channel, _)| *channel).collect();
        numbers.extend(self.known.keys());
        let channels = numbers.into_iter().map(|number| {
            let mark = self.known.get(&number).cloned().unwrap_or_default();
            let lanes = LANES.map(|lane| {
                let mut part = self.parts.remove(&(number, lane.0)).unwrap_or_default();
                mark.lanes.iter().filter(|mark| mark.lane == lane.0).for_each(|mark| part.raise(mark));
                Arc::new(part.into_lane(number, lane, skip))
            });
            let name = (!mark.name.is_empty()).then(|| ChannelId::from(mark.name.as_str()));
            let budget = AtomicU64::new(NO_BUDGET);
            (number, Arc::new(Channel { number, name, since: mark.since, lanes, budget }))
        });
        let channels = channels.collect();
        Catalog { channels, graves: self.graves, fresh_from: skip }
    }
}

impl Part {
    fn into_lane(mut self, channel: u64, number: broker_core::Lane, skip: u64) -> Lane {
        self.moved.sort_by_key(|(_, place)| place.position);
        self.moved.iter().for_each(|(segment, place)| self.index.insert(segment, place));
        self.index.truncate(self.first);
        let end = self.next.max(self.index.end()).max(self.first);
        let state = State::recover(self.pieces);
        let (index, tail) = (self.index, Tail::default());
        let contents = Contents { first: self.first, end, index, tail, state, closed: false };
        Lane::new(channel, number, contents, end + skip, self.next_piece)
    }
}
