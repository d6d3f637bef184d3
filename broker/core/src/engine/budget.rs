//! A bound that all lanes of a process share.

use std::sync::atomic::{AtomicUsize, Ordering};

/// So much of something that is kept in memory: bytes of events that are matched ahead of the windows, or open
/// events. A group that gets none falls behind and reads from the log, which needs no memory.
#[derive(Debug)]
pub struct Budget {
    used: AtomicUsize,
    limit: usize,
}

impl Budget {
    /// A budget of so much.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { used: AtomicUsize::new(0), limit }
    }

    /// Takes so much if it is there.
    pub(crate) fn take(&self, much: usize) -> bool {
        let taken = self.used.fetch_add(much, Ordering::Relaxed) + much <= self.limit;
        if !taken {
            self.give(much);
        }
        taken
    }

    /// Gives so much back.
    pub(crate) fn give(&self, much: usize) {
        self.used.fetch_sub(much, Ordering::Relaxed);
    }

    /// What was counted as `before` is `now` so much, whether or not it is there.
    pub(crate) fn recount(&self, before: usize, now: usize) {
        if now > before {
            self.used.fetch_add(now - before, Ordering::Relaxed);
        } else if now < before {
            self.give(before - now);
        }
    }

    /// True when nothing is left.
    pub(crate) fn is_used_up(&self) -> bool {
        self.used.load(Ordering::Relaxed) >= self.limit
    }
}
