//! How an event is delivered: tries, waits, time-outs.

use std::time::Duration;

/// A `delivery` of Knative's API with all defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryPolicy {
    /// Tries after the first one.
    pub retries: u32,
    /// Waits between tries.
    pub backoff: Backoff,
    /// Limit of one request, from connecting to the end of the answer.
    pub timeout: Duration,
    /// The longest `Retry-After` that is honoured; zero ignores the header.
    pub retry_after_max: Duration,
    /// Content mode of the requests; `None`: as the event came.
    pub format: Option<Format>,
}

/// Waits between tries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// How the waits grow.
    pub policy: BackoffPolicy,
    /// The first wait.
    pub delay: Duration,
    /// No wait is longer, before jitter.
    pub max: Duration,
}

/// How waits grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackoffPolicy {
    /// n x delay, n from 1.
    Linear,
    /// delay x 2^(n-1), n from 1.
    Exponential,
}

/// The content mode that `delivery.format` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `json`: structured.
    Json,
    /// `binary`.
    Binary,
}

impl Default for DeliveryPolicy {
    fn default() -> Self {
        Self {
            retries: 10,
            backoff: Backoff::default(),
            timeout: Duration::from_secs(30),
            retry_after_max: Duration::from_secs(300),
            format: None,
        }
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            policy: BackoffPolicy::Exponential,
            delay: Duration::from_millis(200),
            max: Duration::from_secs(300),
        }
    }
}

impl Backoff {
    /// The wait after the n-th failed attempt (n from 1), without jitter, saturating.
    #[must_use]
    pub fn wait(&self, n: u32) -> Duration {
        let n = n.max(1);
        let grown = match self.policy {
            BackoffPolicy::Linear => self.delay.saturating_mul(n),
            BackoffPolicy::Exponential => self.delay.saturating_mul(2u32.saturating_pow(n - 1)),
        };
        grown.min(self.max)
    }

    /// [`Backoff::wait`] with a jitter of +-20 %. `random` is uniform in 0..=u16::MAX.
    #[must_use]
    pub fn wait_jittered(&self, n: u32, random: u16) -> Duration {
        let factor = 0.8 + 0.4 * f64::from(random) / f64::from(u16::MAX);
        self.wait(n).mul_f64(factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backoff(policy: BackoffPolicy) -> Backoff {
        Backoff { policy, delay: Duration::from_secs(1), max: Duration::from_secs(300) }
    }

    #[test]
    fn exponential_doubles_from_the_delay_and_stops_at_the_cap() {
        let b = backoff(BackoffPolicy::Exponential);
        let waits: Vec<u64> = [1, 2, 3, 9, 10, u32::MAX].iter().map(|n| b.wait(*n).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 256, 300, 300]);
    }

    #[test]
    fn linear_grows_by_the_delay() {
        let b = backoff(BackoffPolicy::Linear);
        let waits: Vec<u64> = [1, 2, 3, 1000].iter().map(|n| b.wait(*n).as_secs()).collect();
        assert_eq!(waits, [1, 2, 3, 300]);
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        let b = backoff(BackoffPolicy::Linear);
        assert_eq!(b.wait_jittered(1, 0), Duration::from_millis(800));
        assert_eq!(b.wait_jittered(1, u16::MAX), Duration::from_millis(1200));
    }
}
