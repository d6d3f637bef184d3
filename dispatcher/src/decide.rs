//! What happens after a failed attempt. Pure.

use crate::failure::{Failure, Remedy};
use broker_core::DeliveryPolicy;
use std::time::Duration;

/// What to do with the event now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Try again after this wait.
    Again(Duration),
    /// Nobody is there: let the engine probe, no sooner than after this wait.
    Probe(Duration),
    /// Nobody will take it: dead letter.
    Bury,
    /// Nothing was tried: give it back.
    GiveBack,
}

/// Decides after failed attempt `attempt` (from 1). A `probe` that finds nobody never counts.
/// `random` is uniform and moves the wait by up to a fifth.
pub(crate) fn decide(
    attempt: u32,
    probe: bool,
    policy: &DeliveryPolicy,
    failure: &Failure,
    random: u16,
) -> Decision {
    let wait = policy.backoff.wait_jittered(attempt, random);
    match failure.remedy {
        Remedy::Untried => Decision::GiveBack,
        Remedy::Probe if probe => Decision::Probe(wait),
        Remedy::None => Decision::Bury,
        Remedy::Retry | Remedy::Probe if attempt > policy.retries => Decision::Bury,
        Remedy::Probe => Decision::Probe(wait),
        Remedy::Retry => {
            let asked = failure.retry_after.unwrap_or_default().min(policy.retry_after_max);
            Decision::Again(wait.max(asked))
        }
    }
}

/// A random number that is good enough for jitter; only asked for after a failure.
pub(crate) fn random() -> u16 {
    use std::hash::{BuildHasher, Hasher};
    let hash = std::hash::RandomState::new().build_hasher().finish();
    u16::from_ne_bytes([hash.to_ne_bytes()[0], hash.to_ne_bytes()[1]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Class;

    const MIDDLE: u16 = u16::MAX / 2;

    fn failure(remedy: Remedy, retry_after: Option<u64>) -> Failure {
        let retry_after = retry_after.map(Duration::from_secs);
        Failure { retry_after, ..Failure::new(remedy, Class::ServerError, String::new()) }
    }

    fn policy(retries: u32) -> DeliveryPolicy {
        DeliveryPolicy { retries, ..DeliveryPolicy::default() }
    }

    fn millis(decision: Decision) -> (&'static str, u128) {
        match decision {
            Decision::Again(wait) => ("again", wait.as_millis()),
            Decision::Probe(wait) => ("probe", wait.as_millis()),
            Decision::Bury => ("bury", 0),
            Decision::GiveBack => ("give back", 0),
        }
    }

    /// Every attempt number around the limit, every remedy, probe or not.
    #[test]
    fn tries_run_out_after_the_first_and_the_retries() {
        for retries in 0..4 {
            for attempt in 1..6 {
                for probe in [false, true] {
                    let decide = |remedy| {
                        millis(decide(attempt, probe, &policy(retries), &failure(remedy, None), MIDDLE)).0
                    };
                    let used_up = attempt > retries;
                    assert_eq!(decide(Remedy::Retry), if used_up { "bury" } else { "again" });
                    assert_eq!(decide(Remedy::Probe), if used_up && !probe { "bury" } else { "probe" });
                    assert_eq!(decide(Remedy::None), "bury");
                    assert_eq!(decide(Remedy::Untried), "give back");
                }
            }
        }
    }

    #[test]
    fn waits_grow_by_the_policy_and_stay_within_the_jitter() {
        let wait = |attempt, random| {
            millis(decide(attempt, false, &policy(10), &failure(Remedy::Retry, None), random)).1
        };
        assert_eq!((wait(1, 0), wait(1, u16::MAX)), (160, 240));
        assert_eq!((wait(3, 0), wait(3, u16::MAX)), (640, 960));
    }

    #[test]
    fn retry_after_lengthens_the_wait_up_to_its_limit_and_never_shortens_it() {
        let wait = |asked, max| {
            let policy = DeliveryPolicy { retry_after_max: Duration::from_secs(max), ..policy(10) };
            millis(decide(1, false, &policy, &failure(Remedy::Retry, asked), 0)).1
        };
        assert_eq!(wait(None, 300), 160);
        assert_eq!(wait(Some(7), 300), 7000);
        assert_eq!(wait(Some(1000), 300), 300_000);
        assert_eq!(wait(Some(0), 300), 160);
        assert_eq!(wait(Some(7), 0), 160, "a limit of zero ignores the header");
    }
}
