//! When a trigger may send its next event: its sink may have said so, by 429 with `Retry-After` or by the rate in
//! its consent (CloudEvents WebHook 1.0, 2.2 and 4.2.2).

use crate::lock;
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// The pace of one trigger. Costs a glance where no sink has said anything.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    slowed: AtomicBool,
    timing: Mutex<Timing>,
}

#[derive(Debug, Default)]
struct Timing {
    not_before: Option<Instant>,
    every: Option<Duration>,
}

impl Pace {
    /// Until when nothing may be sent; `None`: now.
    pub(crate) fn pause(&self) -> Option<Instant> {
        if !self.slowed.load(Ordering::Relaxed) {
            return None;
        }
        lock(&self.timing).not_before.filter(|time| *time > Instant::now())
    }

    /// An event goes now.
    pub(crate) fn step(&self) {
        if self.slowed.load(Ordering::Relaxed) {
            let mut timing = lock(&self.timing);
            timing.not_before = timing.every.map(|every| Instant::now() + every);
            self.slowed.store(timing.every.is_some(), Ordering::Relaxed);
        }
    }

    /// Nothing for so long.
    pub(crate) fn hold(&self, wait: Duration) {
        let mut timing = lock(&self.timing);
        timing.not_before = timing.not_before.max(Some(Instant::now() + wait));
        self.slowed.store(true, Ordering::Relaxed);
    }

    /// No more than so many in a minute, evenly; `None`: as many as there are.
    pub(crate) fn limit(&self, per_minute: Option<NonZeroU32>) {
        let every = per_minute.map(|rate| Duration::from_secs(60) / rate.get());
        let mut timing = lock(&self.timing);
        *timing = Timing { not_before: every.map(|every| Instant::now() + every), every };
        self.slowed.store(every.is_some(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    fn seconds(pace: &Pace) -> Option<u64> {
        pace.pause().map(|until| (until - Instant::now()).as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_hold_ends_and_the_longest_counts() {
        let pace = Pace::default();
        assert_eq!(seconds(&pace), None);
        pace.hold(Duration::from_secs(5));
        pace.hold(Duration::from_secs(2));
        assert_eq!(seconds(&pace), Some(5));
        advance(Duration::from_secs(5)).await;
        assert_eq!(seconds(&pace), None);
        pace.step();
        assert_eq!(seconds(&pace), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_spaces_events_until_it_is_lifted() {
        let pace = Pace::default();
        pace.limit(NonZeroU32::new(6));
        assert_eq!(seconds(&pace), Some(10));
        advance(Duration::from_secs(30)).await;
        for _ in 0..2 {
            assert_eq!(seconds(&pace), None, "what was not used is not saved up");
            pace.step();
            assert_eq!(seconds(&pace), Some(10));
            advance(Duration::from_secs(10)).await;
        }
        pace.step();
        pace.limit(None);
        assert_eq!(seconds(&pace), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hold_does_not_end_a_rate() {
        let pace = Pace::default();
        pace.limit(NonZeroU32::new(60));
        pace.hold(Duration::from_secs(5));
        advance(Duration::from_secs(5)).await;
        pace.step();
        assert_eq!(seconds(&pace), Some(1));
    }
}
