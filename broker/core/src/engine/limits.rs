//! What all channels of a process may use together.

use super::budget::Budget;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Catch-up heads of a process: a thousand groups that are behind never mean a thousand readers.
const CATCH_UP_HEADS: usize = 4;
/// Bytes of matched events kept ahead of all windows of a process.
const LOOK_AHEAD_BYTES: usize = 64 * 1024 * 1024;
/// Events that are open in all groups of a process. Beyond it a group may have but a few that wait.
const MOST_OPEN: usize = 2_000_000;

/// Bounds that all channels of a process share.
#[derive(Clone, Debug)]
pub struct Limits {
    pub(crate) queued: Arc<Budget>,
    pub(crate) open: Arc<Budget>,
    pub(crate) catch_up: Arc<Semaphore>,
}

impl Limits {
    /// With another bound of the events that are open in all groups together.
    #[must_use]
    pub fn most_open(self, events: usize) -> Self {
        Self { open: Arc::new(Budget::new(events)), ..self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queued: Arc::new(Budget::new(LOOK_AHEAD_BYTES)),
            open: Arc::new(Budget::new(MOST_OPEN)),
            catch_up: Arc::new(Semaphore::new(CATCH_UP_HEADS)),
        }
    }
}
