//! Keeps the next segment ready and gives files back, beside the writer.
//!
//! A file gets its name only after its header is written, and the name is durable before the first frame.
//! The header itself becomes durable with the first batch: until then nothing in the file was promised.

use crate::disk::DiskFile;
use crate::frame::Life;
use crate::segment::{Segment, SegmentHeader, VERSION, free_name, name, new_name};
use crate::segments::{Free, Inner, POOL};
use crate::shared::Shared;
use crate::spares;
use broker_core::Health;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How long after a failed attempt the disk is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How long a reader is given to let go of a segment before it is looked at again.
const LINGER: Duration = Duration::from_millis(20);
/// The first segment is this part of the usual size: ready at once, and little disk for a broker that does little.
const FIRST_SHARE: u64 = 16;
const FIRST_LEAST: u64 = 4 << 10;

enum Job {
    Prepare { bytes: u64, free: Option<Free>, sequence: u32 },
    UseSpare { spare: Free, sequence: u32 },
    Recycle(Segment),
    End,
}

pub(crate) struct Steward {
    shared: Arc<Shared>,
    id: [u8; 16],
    /// No segment was made yet by this process.
    fresh: bool,
}

impl Steward {
    pub(crate) fn new(shared: Arc<Shared>, id: [u8; 16]) -> Self {
        Self { shared, id, fresh: true }
    }

    pub(crate) fn run(mut self) {
        loop {
            match self.job() {
                Job::End => return,
                Job::Recycle(segment) => self.recycle(&segment),
                Job::UseSpare { spare, sequence } => self.use_spare(spare, sequence),
                Job::Prepare { bytes, free, sequence } => self.prepare(bytes, free, sequence),
            }
            self.measure();
        }
    }

    /// Waits for something to do.
    fn job(&self) -> Job {
        let segments = &self.shared.segments;
        let mut inner = segments.inner();
        loop {
            if inner.closing {
                return Job::End;
            }
            bury(&mut inner);
            if let Some(segment) = let_go(&mut inner) {
                return Job::Recycle(segment);
            }
            if let Some(job) = self.wanted(&mut inner) {
                return job;
            }
            if inner.desperate
                && inner.failing.is_some()
                && inner.last_resort.is_none()
                && let Some(spare) = inner.spares.pop()
            {
                return Job::UseSpare { spare, sequence: inner.take_sequence() };
            }
            let pause = if inner.dying.is_empty() { None } else { Some(LINGER) };
            let failing = inner.failing.is_some();
            inner = segments.wait(inner, pause.or(failing.then_some(RETRY)));
            if failing {
                // Time has passed or space was freed: once more. Nobody else gets the reserve meanwhile.
                inner.wanted.get_or_insert(0);
                inner.retry = true;
            }
        }
    }

    fn wanted(&self, inner: &mut Inner) -> Option<Job> {
        let usual = u64::from(self.shared.options.segment_bytes);
        let need = inner.wanted?;
        let ready = inner.next.as_ref().is_some_and(|next| u64::from(next.capacity) >= need);
        if ready || inner.failing.is_some() && !inner.retry {
            return None;
        }
        inner.retry = false;
        // One that is too small has no frames: it is an empty segment like others.
        if let Some(small) = inner.next.take() {
            inner.dying.push(small);
        }
        let free = if need <= usual { inner.free.pop() } else { None };
        let first = (usual / FIRST_SHARE).max(FIRST_LEAST).min(usual);
        let size = if self.fresh && free.is_none() { first } else { usual };
        let sequence = inner.take_sequence();
        Some(Job::Prepare { bytes: size.max(need).next_multiple_of(512), free, sequence })
    }

    fn prepare(&mut self, bytes: u64, free: Option<Free>, sequence: u32) {
        let made = self.make(bytes, free, sequence);
        let segments = &self.shared.segments;
        match made {
            Ok(segment) => {
                self.fresh = false;
                let mut inner = segments.inner();
                inner.next = Some(Arc::new(segment));
                inner.failing = None;
                drop(inner);
                self.shared.set_health(Health::Up);
                segments.look();
                self.keep_spares();
            }
            Err(error) => {
                let reason = format!("no new segment of {bytes} bytes can be made: {error}; free some disk");
                if self.shared.set_health(Health::Down(reason.clone())) {
                    tracing::error!(%error, bytes, "no new segment can be made");
                }
                segments.inner().failing = Some(reason);
            }
        }
        segments.look();
    }

    /// Takes space for spares that are not there, as far as the disk has it: the next segment tries again.
    fn keep_spares(&self) {
        let Shared { segments, disk, options, .. } = self.shared.as_ref();
        loop {
            let Some(name) = spares::name_beside(&segments.inner().spares) else { return };
            match spares::make(disk.as_ref(), name, spares::bytes(options.segment_bytes)) {
                Ok(spare) => segments.inner().spares.push(spare),
                Err(error) => return tracing::debug!(%error, "there is no room for a spare"),
            }
        }
    }

    /// Makes a segment of a spare.
    fn use_spare(&self, spare: Free, sequence: u32) {
        match self.make(0, Some(spare), sequence) {
            Ok(mut segment) => {
                segment.spare = true;
                self.shared.segments.inner().last_resort = Some(Arc::new(segment));
            }
            Err(error) => tracing::error!(%error, "a spare cannot be used"),
        }
        self.shared.segments.look();
    }

    fn make(&self, bytes: u64, free: Option<Free>, sequence: u32) -> io::Result<Segment> {
        let disk = &self.shared.disk;
        let (temporary, file) = match free {
            Some(free) => (free.name, free.file),
            None => {
                let temporary = new_name(sequence);
                let file = disk.create(&temporary)?;
                if let Err(error) = fill(file.as_ref(), bytes) {
                    disk.remove(&temporary)?;
                    return Err(error);
                }
                (temporary, file)
            }
        };
        let capacity = u32::try_from(file.len()?).unwrap_or(u32::MAX);
        let header = SegmentHeader { version: VERSION, sequence, id: self.id };
        file.write_at(0, &header.encode())?;
        disk.rename(&temporary, &name(sequence))?;
        disk.sync_folder()?;
        Ok(Segment::new(Life::new(&self.id, sequence), file, capacity))
    }

    /// Keeps the file for its next life, or gives it back. An error costs nothing but the file.
    fn recycle(&self, segment: &Segment) {
        let sequence = segment.life.sequence;
        let Shared { segments, disk, options, .. } = self.shared.as_ref();
        let (room, spare) = {
            let inner = segments.inner();
            (inner.free.len() < POOL, spares::name_beside(&inner.spares))
        };
        let keep = |name: String| {
            disk.rename(&segment.name(), &name).map(|()| Free { name, file: segment.file.clone() })
        };
        let done = match spare {
            Some(name) if spares::was(segment, options.segment_bytes) => {
                keep(name).map(|spare| segments.inner().spares.push(spare))
            }
            _ if room && segment.capacity == options.segment_bytes => {
                keep(free_name(sequence)).map(|free| segments.inner().free.push(free))
            }
            _ => disk.remove(&segment.name()),
        };
        if let Err(error) = done {
            tracing::warn!(%error, sequence, "an empty segment could not be given back");
        }
        segments.look();
    }

    fn measure(&self) {
        let inner = self.shared.segments.inner();
        let usual = self.shared.options.segment_bytes;
        let waiting =
            inner.free.len() as u64 * u64::from(usual) + inner.spares.len() as u64 * spares::bytes(usual);
        let held = inner
            .all
            .values()
            .chain(&inner.next)
            .chain(&inner.last_resort)
            .map(|s| u64::from(s.capacity))
            .sum::<u64>();
        let metrics = &self.shared.metrics;
        metrics.bytes.set(i64::try_from(waiting + held).unwrap_or(i64::MAX));
        metrics.segments.set(i64::try_from(inner.all.len()).unwrap_or(i64::MAX));
    }
}

impl Inner {
    fn take_sequence(&mut self) -> u32 {
        self.next_sequence += 1;
        self.next_sequence - 1
    }
}

/// Takes sealed segments that hold nothing any more out of use.
fn bury(inner: &mut Inner) {
    let sealed = inner.all.range(..inner.sealed_below);
    let dead: Vec<u32> = sealed.filter(|(_, segment)| segment.live() == 0).map(|(n, _)| *n).collect();
    for sequence in dead {
        inner.dying.extend(inner.all.remove(&sequence));
    }
}

/// A dying segment that no reader holds any more.
fn let_go(inner: &mut Inner) -> Option<Segment> {
    for i in 0..inner.dying.len() {
        match Arc::try_unwrap(inner.dying.swap_remove(i)) {
            Ok(segment) => return Some(segment),
            Err(held) => {
                inner.dying.push(held);
                let last = inner.dying.len() - 1;
                inner.dying.swap(i, last);
            }
        }
    }
    None
}

/// Writes zeros once, so that later writes change no metadata: it halves the time of every `fdatasync`.
fn fill(file: &dyn DiskFile, bytes: u64) -> io::Result<()> {
    const PART: usize = 1 << 20;
    file.allocate(bytes)?;
    let zeros = vec![0; PART.min(usize::try_from(bytes).unwrap_or(PART))];
    let mut at = 0;
    while at < bytes {
        let part = usize::try_from(bytes - at).unwrap_or(PART).min(zeros.len());
        file.write_at(at, &zeros[..part])?;
        at += part as u64;
    }
    // Not for safety: the first batch would have to wait for all of it.
    file.sync_data()
}
