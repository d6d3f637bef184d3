//! Time that never goes back.

use event::Timestamp;
use std::time::Duration;
use tokio::time::Instant;

/// Wall clock time, read once and carried on by the monotonic clock: a jump of the wall clock moves no wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    base: Timestamp,
    started: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { base: Timestamp::now(), started: Instant::now() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.base.plus(self.started.elapsed())
    }

    /// The instant at which `now` reaches `time`.
    pub(crate) fn instant(&self, time: Timestamp) -> Instant {
        self.started + time.since(self.base)
    }
}

/// `n` waits that end at the same moment are spread over this long, so that a sink that came back is not flooded.
pub(crate) fn spread(n: usize) -> Duration {
    const EACH: Duration = Duration::from_millis(5);
    const LONGEST: Duration = Duration::from_secs(5);
    EACH.saturating_mul(u32::try_from(n).unwrap_or(u32::MAX)).min(LONGEST)
}
