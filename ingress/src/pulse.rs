//! What a connection waits for, written by itself and read by the sweep that cuts what waits too long.
//!
//! One sweep a second over all connections instead of a timer in each keeps time-outs out of the cost of a request.

use crate::options::{GOODBYE, LINGER, Options};
use futures::task::AtomicWaker;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::Waker;
use std::time::Duration;
use tokio::time::Instant;

/// The life signs of one connection. Races between its fields move a time-out by a moment, no more.
#[derive(Debug)]
pub(crate) struct Pulse {
    born: Instant,
    /// Requests that are being answered: 0 or 1 in HTTP/1.1.
    requests: AtomicUsize,
    /// What it waits for while there is no request, and since when: milliseconds after `born`, then the [`Wait`].
    waits: AtomicU64,
    /// HTTP/2 was spoken: bytes between requests are no beginning of a head.
    multiplexed: AtomicBool,
    /// The body of the last request was not read to its end.
    unread: AtomicBool,
    draining: AtomicBool,
    task: AtomicWaker,
}

/// What a connection without a request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    /// The rest of a head.
    Head = 0,
    /// The first byte of the next head.
    Idle = 1,
    /// The peer, to read our last answer and close.
    Peer = 2,
}

/// What the sweep thinks of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may go on.
    Fine,
    /// It was idle long enough to be asked to close.
    Drain,
    /// It waited too long.
    Cut,
}

/// A request that is being answered.
pub(crate) struct Beat<'a>(&'a Pulse);

impl Pulse {
    /// A connection that was just accepted and owes its first request.
    pub(crate) fn new() -> Self {
        Self {
            born: Instant::now(),
            requests: AtomicUsize::new(0),
            waits: AtomicU64::new(0),
            multiplexed: AtomicBool::new(false),
            unread: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            task: AtomicWaker::new(),
        }
    }

    /// A request's head is complete.
    pub(crate) fn begin(&self, version: http::Version) -> Beat<'_> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.multiplexed.store(version == http::Version::HTTP_2, Ordering::Relaxed);
        Beat(self)
    }

    /// The last request's body was not read to its end, so the connection is about to be closed.
    pub(crate) fn leave_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    /// Bytes came in.
    pub(crate) fn received(&self) {
        let between = self.requests.load(Ordering::Relaxed) == 0 && !self.multiplexed.load(Ordering::Relaxed);
        if between && self.waiting().0 == Wait::Idle {
            self.wait_for(Wait::Head);
        }
    }

    /// The connection was closed on our side. True when the peer may still be sending a body and would
    /// lose our answer if its bytes met a closed socket.
    pub(crate) fn close(&self) -> bool {
        let linger = self.unread.load(Ordering::Relaxed);
        if linger && self.waiting().0 != Wait::Peer {
            self.wait_for(Wait::Peer);
        }
        linger
    }

    /// Asks the connection to finish its requests and close.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Release);
        self.task.wake();
    }

    /// Whether it was asked to; wakes `waker` when it will be.
    pub(crate) fn draining(&self, waker: &Waker) -> bool {
        self.task.register(waker);
        self.draining.load(Ordering::Acquire)
    }

    /// Whether it waits too long.
    pub(crate) fn verdict(&self, options: &Options) -> Verdict {
        if self.requests.load(Ordering::Relaxed) > 0 {
            return Verdict::Fine;
        }
        let (wait, since) = self.waiting();
        let waited = self.born.elapsed().saturating_sub(since);
        match wait {
            Wait::Head if waited > options.head_timeout => Verdict::Cut,
            Wait::Peer if waited > LINGER => Verdict::Cut,
            Wait::Idle if waited > options.idle_timeout + GOODBYE => Verdict::Cut,
            Wait::Idle if waited > options.idle_timeout => Verdict::Drain,
            Wait::Head | Wait::Peer | Wait::Idle => Verdict::Fine,
        }
    }

    fn wait_for(&self, wait: Wait) {
        let millis = u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX >> 2);
        self.waits.store(millis << 2 | wait as u64, Ordering::Relaxed);
    }

    fn waiting(&self) -> (Wait, Duration) {
        let waits = self.waits.load(Ordering::Relaxed);
        let wait = match waits & 3 {
            0 => Wait::Head,
            1 => Wait::Idle,
            _ => Wait::Peer,
        };
        (wait, Duration::from_millis(waits >> 2))
    }
}

impl Drop for Beat<'_> {
    fn drop(&mut self) {
        if self.0.requests.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.wait_for(Wait::Idle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Version;
    use tokio::time::advance;

    async fn after(pulse: &Pulse, seconds: u64) -> Verdict {
        advance(Duration::from_secs(seconds)).await;
        pulse.verdict(&Options::default())
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_head_must_come_in_time() {
        let pulse = Pulse::new();
        assert_eq!(after(&pulse, 10).await, Verdict::Fine);
        pulse.received();
        assert_eq!(after(&pulse, 1).await, Verdict::Cut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_takes_as_long_as_it_takes() {
        let pulse = Pulse::new();
        let beat = pulse.begin(Version::HTTP_11);
        assert_eq!(after(&pulse, 1000).await, Verdict::Fine);
        drop(beat);
        assert_eq!(after(&pulse, 120).await, Verdict::Fine);
        assert_eq!(after(&pulse, 1).await, Verdict::Drain);
        assert_eq!(after(&pulse, 5).await, Verdict::Cut);
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_head_has_its_time_from_its_first_byte() {
        let pulse = Pulse::new();
        drop(pulse.begin(Version::HTTP_11));
        assert_eq!(after(&pulse, 100).await, Verdict::Fine);
        pulse.received();
        assert_eq!(after(&pulse, 9).await, Verdict::Fine);
        pulse.received();
        assert_eq!(after(&pulse, 2).await, Verdict::Cut);
    }

    #[tokio::test(start_paused = true)]
    async fn pings_of_http_2_are_no_head() {
        let pulse = Pulse::new();
        drop(pulse.begin(Version::HTTP_2));
        pulse.received();
        assert_eq!(after(&pulse, 119).await, Verdict::Fine);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_still_sends_gets_a_moment_to_read() {
        let pulse = Pulse::new();
        drop(pulse.begin(Version::HTTP_11));
        assert!(!pulse.close());
        pulse.leave_unread();
        assert!(pulse.close());
        assert_eq!(after(&pulse, 5).await, Verdict::Fine);
        assert!(pulse.close());
        assert_eq!(after(&pulse, 1).await, Verdict::Cut);
    }
}
