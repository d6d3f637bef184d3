//! How far triggers are behind, read from their channels.

use broker_core::{Channel, Channels, GroupName, Route, Routes};
use event::Timestamp;
use serde::Serialize;

/// The live numbers of a trigger, or of a broker's triggers together: `status.sluice`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Progress {
    /// Events accepted and not finished.
    pub(crate) backlog: u64,
    /// Of these, waiting for another attempt.
    pub(crate) retrying: u64,
    /// Entries in the dead letter store.
    pub(crate) dead: u64,
    /// Of the backlog, with the sink at the moment.
    pub(crate) in_flight: u64,
    /// Age of the oldest event that is not finished; 0 when there is none.
    pub(crate) oldest_seconds: f64,
    /// Why the last attempt failed; of a trigger, until one succeeds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<String>,
}

impl Progress {
    fn of(channel: &dyn Channel, group: &GroupName, now: Timestamp) -> Self {
        let lag = channel.lag(group).unwrap_or_default();
        Self {
            backlog: lag.backlog,
            retrying: lag.waiting,
            dead: channel.dead_letters().count(group),
            in_flight: lag.in_flight,
            oldest_seconds: lag.oldest.map_or(0.0, |oldest| now.since(oldest).as_secs_f64()),
            failure: None,
        }
    }

    /// Both together, with a reason why one of them fails.
    pub(crate) fn with(&self, other: &Self) -> Self {
        Self {
            backlog: self.backlog + other.backlog,
            retrying: self.retrying + other.retrying,
            dead: self.dead + other.dead,
            in_flight: self.in_flight + other.in_flight,
            oldest_seconds: self.oldest_seconds.max(other.oldest_seconds),
            failure: self.failure.clone().or_else(|| other.failure.clone()),
        }
    }
}

/// The numbers of one broker: its own sum and each of its triggers.
#[derive(Debug)]
pub(crate) struct RouteProgress<'a> {
    pub(crate) route: &'a Route,
    pub(crate) triggers: Vec<(&'a GroupName, Progress)>,
}

impl<'a> RouteProgress<'a> {
    /// `None` while the channel is not open.
    pub(crate) fn read(route: &'a Route, channels: &Channels, now: Timestamp) -> Option<Self> {
        let channel = channels.get(&route.channel.id)?;
        let triggers = route
            .triggers
            .iter()
            .map(|trigger| (&trigger.group, Progress::of(channel.as_ref(), &trigger.group, now)))
            .collect();
        Some(Self { route, triggers })
    }

    /// All triggers together.
    pub(crate) fn sum(&self) -> Progress {
        self.triggers.iter().fold(Progress::default(), |sum, (_, progress)| sum.with(progress))
    }
}

/// Calls `each` for every broker whose channel is open.
pub(crate) fn for_each_route(routes: &Routes, channels: &Channels, mut each: impl FnMut(&RouteProgress<'_>)) {
    let now = Timestamp::now();
    for route in routes.snapshot().routes.values() {
        if let Some(progress) = RouteProgress::read(route, channels, now) {
            each(&progress);
        }
    }
}
