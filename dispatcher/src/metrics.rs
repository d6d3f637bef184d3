//! What is counted. Handles are taken once per trigger, at its first event.

use crate::failure::Class;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper bounds in seconds.
const DURATIONS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// Labels are bounded: triggers of the table times a fixed set of words.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByTrigger {
    trigger: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByResult {
    trigger: String,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByClass {
    trigger: String,
    class: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reply {
    result: &'static str,
}

/// The families of all triggers.
pub(crate) struct Metrics {
    deliveries: Family<ByResult, Counter>,
    attempts: Family<ByClass, Counter>,
    /// Until the first attempt.
    process: Family<ByTrigger, Histogram, fn() -> Histogram>,
    dispatch: Family<ByTrigger, Histogram, fn() -> Histogram>,
    pub(crate) replies: Replies,
}

/// What became of answers; of all triggers together.
pub(crate) struct Replies {
    /// Handed on.
    pub(crate) accepted: Counter,
    /// Could not be handed on; the attempt is repeated.
    pub(crate) failed: Counter,
    /// Never can be (out of hops, too large): kept as dead letters.
    pub(crate) refused: Counter,
    /// Claimed to be an event and was not valid.
    pub(crate) invalid: Counter,
    /// A body that is no event.
    pub(crate) ignored: Counter,
    /// An event, but the trigger has nowhere to send it.
    pub(crate) unwanted: Counter,
}

/// The handles of one trigger.
pub(crate) struct Meters {
    pub(crate) delivered: Counter,
    pub(crate) failed: Counter,
    pub(crate) dead_letter: Counter,
    pub(crate) process: Histogram,
    pub(crate) dispatch: Histogram,
    attempts: [Counter; CLASSES.len()],
}

/// In the order of [`Class`].
const CLASSES: [&str; 8] = ["1xx", "2xx", "3xx", "4xx", "5xx", "timeout", "unreachable", "broken"];
const RESULTS: [&str; 3] = ["delivered", "failed", "dead_letter"];

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let duration: fn() -> Histogram = || Histogram::new(DURATIONS);
        let replies = Family::<Reply, Counter>::default();
        let reply = |result| replies.get_or_create_owned(&Reply { result });
        let metrics = Self {
            deliveries: Family::default(),
            attempts: Family::default(),
            process: Family::new_with_constructor(duration),
            dispatch: Family::new_with_constructor(duration),
            replies: Replies {
                accepted: reply("accepted"),
                failed: reply("failed"),
                refused: reply("refused"),
                invalid: reply("invalid"),
                ignored: reply("ignored"),
                unwanted: reply("unwanted"),
            },
        };
        registry.register(
            "sluice_deliveries",
            "Deliveries by how they ended; failed ones are repeated",
            metrics.deliveries.clone(),
        );
        registry.register(
            "sluice_attempts",
            "Attempts to deliver by class of answer",
            metrics.attempts.clone(),
        );
        registry.register("sluice_replies", "Answers of sinks by what became of them", replies);
        registry.register(
            "kn_eventing_process_duration",
            "Seconds from accepting an event to the first request to the sink",
            metrics.process.clone(),
        );
        registry.register(
            "kn_eventing_dispatch_duration",
            "Seconds from taking an event to the end of the sink's answer",
            metrics.dispatch.clone(),
        );
        metrics
    }

    /// The handles of a trigger.
    pub(crate) fn of(&self, trigger: &str) -> Meters {
        let [delivered, failed, dead_letter] = RESULTS.map(|result| {
            self.deliveries.get_or_create_owned(&ByResult { trigger: trigger.to_owned(), result })
        });
        Meters {
            delivered,
            failed,
            dead_letter,
            process: self.process.get_or_create_owned(&ByTrigger { trigger: trigger.to_owned() }),
            dispatch: self.dispatch.get_or_create_owned(&ByTrigger { trigger: trigger.to_owned() }),
            attempts: CLASSES.map(|class| {
                self.attempts.get_or_create_owned(&ByClass { trigger: trigger.to_owned(), class })
            }),
        }
    }

    /// Forgets a trigger that is gone.
    pub(crate) fn forget(&self, trigger: &str) {
        let by_trigger = ByTrigger { trigger: trigger.to_owned() };
        self.process.remove(&by_trigger);
        self.dispatch.remove(&by_trigger);
        for result in RESULTS {
            self.deliveries.remove(&ByResult { trigger: trigger.to_owned(), result });
        }
        for class in CLASSES {
            self.attempts.remove(&ByClass { trigger: trigger.to_owned(), class });
        }
    }
}

impl Meters {
    /// Counts one attempt.
    pub(crate) fn attempt(&self, class: Class) {
        self.attempts[class as usize].inc();
    }
}
