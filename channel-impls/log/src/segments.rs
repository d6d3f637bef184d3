//! All segments of the log: which are in use, which wait for their next life, which comes next.

use crate::disk::DiskFile;
use crate::hold;
use crate::segment::Segment;
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A file that waits for its next life. All of its blocks were written before: writing them again
/// changes no metadata, which makes its `fdatasync` half as long.
pub(crate) struct Free {
    pub(crate) name: String,
    pub(crate) file: Arc<dyn DiskFile>,
}

/// The files that there are when a log is opened.
#[derive(Default)]
pub(crate) struct Files {
    /// Those that hold frames.
    pub(crate) segments: BTreeMap<u32, Arc<Segment>>,
    /// Those that were made and never written to.
    pub(crate) empty: Vec<Arc<Segment>>,
    pub(crate) free: Vec<Free>,
    pub(crate) spares: Vec<Free>,
    pub(crate) next_sequence: u32,
    /// See [`Inner::sealed_below`].
    pub(crate) sealed_below: u32,
}

/// What the segments are at the moment.
pub(crate) struct Inner {
    /// Those that hold frames or will; the last is written to.
    pub(crate) all: BTreeMap<u32, Arc<Segment>>,
    /// Nothing in them is live; a reader may still be reading.
    pub(crate) dying: Vec<Arc<Segment>>,
    /// Files of the usual size. At most [`POOL`].
    pub(crate) free: Vec<Free>,
    /// Ready to be written to.
    pub(crate) next: Option<Arc<Segment>>,
    /// Files for the last resort. At most [`SPARES`](crate::spares::SPARES).
    pub(crate) spares: Vec<Free>,
    /// One of them is asked for: no other segment can be made.
    pub(crate) desperate: bool,
    /// It is ready to be written to.
    pub(crate) last_resort: Option<Arc<Segment>>,
    /// The next one is asked for, of at least so many bytes.
    pub(crate) wanted: Option<u64>,
    /// Why there is no next one.
    pub(crate) failing: Option<String>,
    /// It is time to try again.
    pub(crate) retry: bool,
    /// Never used before.
    pub(crate) next_sequence: u32,
    /// What is below takes no more frames, and a durable checkpoint lies above it.
    pub(crate) sealed_below: u32,
    pub(crate) closing: bool,
}

/// Free files kept; more are deleted.
pub(crate) const POOL: usize = 1;

pub(crate) struct Segments {
    inner: Mutex<Inner>,
    /// Bytes of one of the spares.
    spare_bytes: u64,
    changed: Condvar,
}

impl Segments {
    pub(crate) fn new(found: Files, spare_bytes: u64) -> Self {
        let inner = Inner {
            all: found.segments,
            dying: found.empty,
            free: found.free,
            next: None,
            spares: found.spares,
            desperate: false,
            last_resort: None,
            wanted: None,
            failing: None,
            retry: false,
            next_sequence: found.next_sequence,
            sealed_below: found.sealed_below,
            closing: false,
        };
        Self { inner: Mutex::new(inner), spare_bytes, changed: Condvar::new() }
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        hold(&self.inner)
    }

    /// Wakes whoever waits for a change.
    pub(crate) fn look(&self) {
        // Taking the lock first: a thread that has just looked and not yet slept would miss the call.
        drop(self.inner());
        self.changed.notify_all();
    }

    /// Sleeps until something changes, or `timeout`.
    pub(crate) fn wait<'a>(
        &self,
        inner: MutexGuard<'a, Inner>,
        timeout: Option<Duration>,
    ) -> MutexGuard<'a, Inner> {
        match timeout {
            None => self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner),
            Some(time) => self.changed.wait_timeout(inner, time).unwrap_or_else(PoisonError::into_inner).0,
        }
    }

    /// The next segment, with room for `need` bytes; waits while it is being made. If none can be made, perhaps the
    /// last resort.
    pub(crate) fn next(&self, need: u64, last_resort: bool) -> Result<Arc<Segment>, String> {
        let mut inner = self.inner();
        loop {
            let has_room = |segment: &mut Arc<Segment>| u64::from(segment.capacity) >= need;
            if let Some(next) = inner.last_resort.take().or_else(|| inner.next.take_if(has_room)) {
                inner.all.insert(next.life.sequence, next.clone());
                (inner.wanted, inner.desperate) = (None, false);
                return Ok(next);
            }
            match inner.failing.clone() {
                None => inner.wanted = Some(inner.wanted.unwrap_or(0).max(need)),
                Some(_) if last_resort && need <= self.spare_bytes && !inner.spares.is_empty() => {
                    inner.desperate = true;
                }
                Some(reason) => return Err(reason),
            }
            self.changed.notify_all();
            inner = self.wait(inner, None);
        }
    }

    /// Asks for the next segment ahead of time.
    pub(crate) fn prepare(&self) {
        let mut inner = self.inner();
        if inner.next.is_none() && inner.wanted.is_none() {
            inner.wanted = Some(0);
            self.changed.notify_all();
        }
    }

    /// The disk is full, and nothing is ready to go on with.
    pub(crate) fn exhausted(&self) -> Option<String> {
        let inner = self.inner();
        inner.failing.clone().filter(|_| inner.next.is_none())
    }

    /// Everything before `sequence` is complete, and `sequence` begins with a durable checkpoint.
    pub(crate) fn seal(&self, sequence: u32) {
        self.inner().sealed_below = sequence;
        self.changed.notify_all();
    }

    /// The first segment that is in use.
    pub(crate) fn oldest(&self) -> u32 {
        self.inner().all.keys().next().copied().unwrap_or(0)
    }

    pub(crate) fn close(&self) {
        self.inner().closing = true;
        self.changed.notify_all();
    }

    /// Bytes of the files that hold records.
    pub(crate) fn bytes(&self) -> u64 {
        self.inner().all.values().map(|segment| u64::from(segment.capacity)).sum()
    }
}
