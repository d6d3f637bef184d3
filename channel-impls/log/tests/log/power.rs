//! The power goes, at every point: what was promised must be there, and every sync must be needed for it.

use crate::simdisk::{Loss, Op, Platter, SimDisk, SyncOf};
use crate::support::{EVENTS, channel, held, mark, open_on, small};
use broker_core::{Backend, ChannelId, Lane, StateWrite};
use bytes::Bytes;
use std::collections::BTreeMap;

/// Lots drawn per point; `SLUICE_POWER_LOTS` for a long run.
fn lots() -> u64 {
    std::env::var("SLUICE_POWER_LOTS").ok().and_then(|n| n.parse().ok()).unwrap_or(1)
}

/// Something that was promised, or asked for and therefore allowed.
#[derive(Clone, Debug)]
enum Note {
    /// Records below this number are durable.
    Appended { name: &'static str, lane: Lane, below: u64 },
    /// Records below this number may go.
    Truncating { name: &'static str, lane: Lane, below: u64 },
    /// The state may be this from now on.
    Putting { name: &'static str, state: Vec<Bytes> },
    /// The state is that.
    Put { name: &'static str },
    /// The channel is about to be removed, and is not checked.
    Removing { name: &'static str },
    /// The channel is empty, begins anew and counts again.
    Removed { name: &'static str },
}

/// What must be there at one point.
#[derive(Clone, Debug, Default)]
struct Kept {
    lanes: BTreeMap<(&'static str, Lane), (u64, u64)>,
    states: BTreeMap<&'static str, Vec<Vec<Bytes>>>,
    removing: Option<&'static str>,
}

impl Kept {
    fn note(&mut self, note: &Note) {
        match note.clone() {
            Note::Appended { name, lane, below } => self.lanes.entry((name, lane)).or_default().1 = below,
            Note::Truncating { name, lane, below } => self.lanes.entry((name, lane)).or_default().0 = below,
            Note::Putting { name, state } => {
                self.states.entry(name).or_insert_with(|| vec![Vec::new()]).push(state);
            }
            Note::Put { name } => {
                let states = self.states.entry(name).or_default();
                states.drain(..states.len() - 1);
            }
            Note::Removing { name } => {
                self.lanes.retain(|(n, _), _| *n != name);
                self.states.remove(name);
                self.removing = Some(name);
            }
            Note::Removed { name } => {
                self.lanes.insert((name, EVENTS), (0, 0));
                self.removing = None;
            }
        }
    }

    /// Opens the disk and says what is missing.
    async fn check(&self, disk: &SimDisk) -> Result<(), String> {
        let backend = open_on(disk, small());
        for ((name, lane), (from, below)) in &self.lanes {
            let log = channel(&backend, name).await;
            let found = held(log.as_ref(), *lane).await;
            if let Some(wrong) = found.iter().find(|(position, number)| position != number) {
                return Err(format!("{name} {lane:?}: {wrong:?} is out of place"));
            }
            if let Some(lost) = (*from..*below).find(|n| found.binary_search(&(*n, *n)).is_err()) {
                return Err(format!("{name} {lane:?}: {lost} of {from}..{below} is lost"));
            }
            log.append(*lane, vec![mark(0, 1)]).await.map_err(|e| e.to_string())?;
            let next = log.end(*lane).await.unwrap();
            if next <= *below {
                return Err(format!("{name} {lane:?}: position {next} is given again, below {below}"));
            }
        }
        for (name, states) in &self.states {
            let found = channel(&backend, name).await.load_state(EVENTS).await.unwrap();
            if !states.contains(&found) {
                return Err(format!("{name}: the state is {found:?}, not one of {states:?}"));
            }
        }
        Ok(())
    }
}

/// A disk, and what was promised while it was written to.
#[derive(Default)]
struct Story {
    disk: SimDisk,
    notes: Vec<Note>,
}

impl Story {
    fn note(&mut self, note: Note) {
        self.disk.promise(self.notes.len());
        self.notes.push(note);
    }

    /// One client that does one thing after the other, over many segments. Moving and recycling are the log's own
    /// threads' work: the client goes on until they have come to it.
    async fn tell(&mut self) {
        let backend = open_on(&self.disk, small());
        let mut ends = BTreeMap::new();
        let mut state = Vec::new();
        for step in 0.. {
            if step >= 30 && covers(&self.disk.ops()) {
                break;
            }
            assert!(step < 3000, "nothing was ever moved forward, or no segment recycled");
            for (name, lane, count) in
                [("a", EVENTS, 1 + step % 5), ("b", EVENTS, 1), ("a", Lane::DEAD_LETTERS, step % 2)]
            {
                let end: &mut u64 = ends.entry((name, lane)).or_default();
                let size = usize::try_from(20 + step * 37 % 600).unwrap();
                let entries = (*end..*end + count).map(|n| mark(n, size)).collect();
                channel(&backend, name).await.append(lane, entries).await.unwrap();
                *end += count;
                self.note(Note::Appended { name, lane, below: *end });
            }
            if step % 4 == 3 {
                let below = ends[&("a", EVENTS)] - 2;
                self.note(Note::Truncating { name: "a", lane: EVENTS, below });
                channel(&backend, "a").await.truncate(EVENTS, below).await.unwrap();
            }
            if step % 3 == 0 {
                self.put(&backend, &mut state, step).await;
            }
            if step % 12 == 6 {
                self.remove(&backend).await;
            }
        }
    }

    async fn put(&mut self, backend: &channel_log::LogBackend, state: &mut Vec<Bytes>, step: u64) {
        let piece = Bytes::from(format!("{step:0200}"));
        let write = if step.is_multiple_of(9) {
            *state = vec![piece.clone(), piece.clone(), piece];
            StateWrite::Snapshot(state.clone())
        } else {
            state.push(piece.clone());
            StateWrite::Change(piece)
        };
        self.note(Note::Putting { name: "a", state: state.clone() });
        channel(backend, "a").await.put_state(EVENTS, write).await.unwrap();
        self.note(Note::Put { name: "a" });
    }

    /// A channel that comes, goes and comes again with other records.
    async fn remove(&mut self, backend: &channel_log::LogBackend) {
        self.note(Note::Removing { name: "c" });
        backend.remove(&ChannelId::from("c")).await.unwrap();
        self.note(Note::Removed { name: "c" });
        channel(backend, "c").await.append(EVENTS, vec![mark(0, 300), mark(1, 300)]).await.unwrap();
        self.note(Note::Appended { name: "c", lane: EVENTS, below: 2 });
    }

    /// Cuts the power after each operation from `start` on, with the syncs that `ignored` names left out, and
    /// returns what was lost, first of all.
    async fn cut(&self, start: usize, ignored: impl Fn(&[Op], usize) -> bool) -> Option<String> {
        let ops = self.disk.ops();
        let (mut platter, mut kept) = (Platter::default(), Kept::default());
        for (i, op) in ops.iter().enumerate() {
            platter.add(op, ignored(&ops, i));
            if let Op::Promise(note) = op {
                kept.note(&self.notes[*note]);
            }
            if i < start {
                continue;
            }
            let drawn = (0..lots()).map(|lot| Loss::Some(lot << 32 | i as u64));
            for loss in [Loss::Everything, Loss::Nothing].into_iter().chain(drawn) {
                if let Err(lost) = kept.check(&platter.lose(loss)).await {
                    return Some(format!("after operation {i} of {} ({loss:?}): {lost}", ops.len()));
                }
            }
        }
        None
    }
}

/// The offset at which frames begin: what is written below is a header, or zeros.
const FRAMES: u64 = 512;

/// A sync that lets a new segment be begun, in the middle of a request.
fn is_roll(ops: &[Op], i: usize) -> bool {
    let Op::Sync { file: synced, of: SyncOf::Written } = &ops[i] else { return false };
    for op in &ops[i + 1..] {
        match op {
            Op::Promise(_) => return false,
            Op::Write { file, offset, .. } if *offset >= FRAMES => return file != synced,
            _ => {}
        }
    }
    false
}

/// A write that has a frame which was moved forward.
fn moves(op: &Op) -> bool {
    let Op::Write { offset, bytes, .. } = op else { return false };
    let mut frames = bytes.as_slice();
    while *offset >= FRAMES && frames.len() > 48 {
        let length = u32::from_le_bytes(frames[4..8].try_into().unwrap()) as usize;
        if frames[29] == 1 {
            return true;
        }
        frames = frames.get((48 + length).next_multiple_of(8)..).unwrap_or_default();
    }
    false
}

/// Segments were begun within requests, records were moved forward, and a segment was recycled.
fn covers(ops: &[Op]) -> bool {
    let recycled = |op: &Op| matches!(op, Op::Rename { from, .. } if from.ends_with(".free"));
    (0..ops.len()).filter(|i| is_roll(ops, *i)).count() > 2
        && ops.iter().any(moves)
        && ops.iter().any(recycled)
}

fn is_batch(ops: &[Op], i: usize) -> bool {
    matches!(ops[i], Op::Sync { of: SyncOf::Written, .. }) && !is_roll(ops, i)
}

async fn told() -> Story {
    let mut story = Story::default();
    story.tell().await;
    story
}

#[tokio::test]
async fn nothing_promised_is_lost_at_any_point() {
    let story = told().await;
    assert_eq!(story.cut(0, |_, _| false).await, None);
}

#[tokio::test]
async fn the_sync_of_a_batch_is_needed() {
    assert!(told().await.cut(0, is_batch).await.unwrap().contains("lost"));
}

#[tokio::test]
async fn the_sync_before_a_new_segment_is_needed() {
    assert!(told().await.cut(0, is_roll).await.unwrap().contains("lost"));
}

#[tokio::test]
async fn the_sync_of_the_folder_is_needed() {
    assert!(told().await.cut(0, |ops, i| matches!(ops[i], Op::SyncFolder)).await.unwrap().contains("lost"));
}

/// A process is killed between write and sync; the next one shows what the system still has in memory; then the
/// power goes. Returns the story of both, and where the second begins.
async fn killed_and_opened() -> (Story, usize) {
    let first = told().await;
    let ops = first.disk.ops();
    let written = |i: &usize| matches!(&ops[*i], Op::Write { offset, .. } if *offset >= FRAMES);
    let appended = |i: &usize| {
        let promised =
            ops[*i..].iter().find_map(|op| if let Op::Promise(note) = op { Some(*note) } else { None });
        matches!(promised.map(|note| &first.notes[note]), Some(Note::Appended { lane: EVENTS, .. }))
    };
    let killed = (0..ops.len()).filter(written).filter(appended).nth(20).unwrap() + 1;
    let mut second = Story { disk: SimDisk::after(&ops[..killed]), notes: first.notes.clone() };
    let backend = open_on(&second.disk, small());
    for name in ["a", "b"] {
        let seen = held(channel(&backend, name).await.as_ref(), EVENTS).await;
        let below = seen.last().unwrap().0 + 1;
        second.note(Note::Appended { name, lane: EVENTS, below });
    }
    (second, killed)
}

#[tokio::test]
async fn what_was_shown_after_a_kill_survives_a_power_loss() {
    let (story, start) = killed_and_opened().await;
    assert_eq!(story.cut(start, |_, _| false).await, None);
}

#[tokio::test]
async fn the_sync_on_opening_is_needed() {
    let (story, start) = killed_and_opened().await;
    let opened = |ops: &[Op], i: usize| matches!(ops[i], Op::Sync { of: SyncOf::Opened, .. });
    assert!(story.cut(start, opened).await.unwrap().contains("lost"));
}
