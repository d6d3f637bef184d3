//! A bound that all lanes of a process share.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of events that are matched and kept in memory ahead of the windows. A group that gets none falls
/// behind and reads from the log, which needs no memory.
#[derive(Debug)]
pub struct Budget {
    used: AtomicUsize,
    limit: usize,
}

impl Budget {
    /// A budget of so many bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { used: AtomicUsize::new(0), limit }
    }

    /// Takes bytes if they are there.
    pub(crate) fn take(&self, bytes: usize) -> bool {
        let taken = self.used.fetch_add(bytes, Ordering::Relaxed) + bytes <= self.limit;
        if !taken {
            self.give(bytes);
        }
        taken
    }

    /// Gives bytes back.
    pub(crate) fn give(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}
