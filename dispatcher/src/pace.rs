//! When a trigger may send its next event: its sink may have said so, by 429 with `Retry-After` or by the rate in
//! its consent (CloudEvents WebHook 1.0, 2.2 and 4.2.2).

use crate::lock;
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// Behind time by less than this, events catch up: clocks ring each millisecond, and late.
const SLACK: Duration = Duration::from_millis(10);

/// The pace of one trigger with one sink. Costs a glance where no sink has said anything.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    slowed: AtomicBool,
    timing: Mutex<Timing>,
}

#[derive(Debug, Default)]
struct Timing {
    /// By an answer.
    held_until: Option<Instant>,
    /// By the rate.
    next: Option<Instant>,
    every: Option<Duration>,
}

impl Pace {
    /// Until when nothing may be sent; `None`: now.
    pub(crate) fn pause(&self) -> Option<Instant> {
        if !self.slowed.load(Ordering::Relaxed) {
            return None;
        }
        let timing = lock(&self.timing);
        timing.held_until.max(timing.next).filter(|time| *time > Instant::now())
    }

    /// An event goes now. If it was taken before a hold was heard of, the hold stays.
    pub(crate) fn step(&self) {
        if self.slowed.load(Ordering::Relaxed) {
            let now = Instant::now();
            let mut timing = lock(&self.timing);
            timing.held_until = timing.held_until.filter(|time| *time > now);
            let due = timing.next.max(now.checked_sub(SLACK));
            timing.next = timing.every.zip(due).map(|(every, due)| due + every);
            self.glance_at(&timing);
        }
    }

    /// Nothing for so long.
    pub(crate) fn hold(&self, wait: Duration) {
        let mut timing = lock(&self.timing);
        timing.held_until = timing.held_until.max(Some(Instant::now() + wait));
        self.glance_at(&timing);
    }

    /// No more than so many in a minute, evenly; `None`: as many as there are.
    pub(crate) fn limit(&self, per_minute: Option<NonZeroU32>) {
        let mut timing = lock(&self.timing);
        timing.every = per_minute.map(|rate| Duration::from_secs(60) / rate.get());
        timing.next = timing.every.map(|every| Instant::now() + every);
        self.glance_at(&timing);
    }

    fn glance_at(&self, timing: &Timing) {
        self.slowed.store(timing.held_until.is_some() || timing.every.is_some(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    fn seconds(pace: &Pace) -> Option<u64> {
        pace.pause().map(|until| (until + SLACK - Instant::now()).as_secs())
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

    /// Its event was taken before the hold was heard of.
    #[tokio::test(start_paused = true)]
    async fn a_step_does_not_end_a_hold() {
        let pace = Pace::default();
        pace.hold(Duration::from_secs(5));
        pace.step();
        assert_eq!(seconds(&pace), Some(5));
        pace.limit(NonZeroU32::new(60));
        pace.step();
        assert_eq!(seconds(&pace), Some(5));
    }

    /// Ten events in each turn of a clock that rings every millisecond.
    #[tokio::test(start_paused = true)]
    async fn a_high_rate_is_reached_and_no_more() {
        let pace = Pace::default();
        pace.limit(NonZeroU32::new(600_000));
        let mut sent = 0;
        for _ in 0..1000 {
            advance(Duration::from_millis(1)).await;
            while pace.pause().is_none() {
                pace.step();
                sent += 1;
            }
        }
        assert!((9_900..=10_100).contains(&sent), "{sent} in a second");
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
