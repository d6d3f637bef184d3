//! What the dispatcher sees: a channel lends deliveries to groups.

use crate::dead_letter::DeadLetterStore;
use crate::returns::{Returns, Settled};
use crate::{AppendError, ChannelOptions, GroupName, Lane, LogError, Position};
use async_trait::async_trait;
use event::{Record, Timestamp};
use filter::Filter;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// One durable stream of events, lent to any number of groups.
#[async_trait]
pub trait Channel: Send + Sync + 'static {
    /// Changed budget or retention; in force at once.
    fn configure(&self, options: &ChannelOptions);

    /// Makes the records durable. `Err`: any prefix may be durable.
    async fn append(&self, records: Vec<Record>) -> Result<(), AppendError>;

    /// The group is done with the delivery, which led to these records: they are appended to its lane, and behind
    /// them that it is done, so that not even a crash repeats it. Ack after `Ok`. `Err`: any prefix may be durable.
    /// Records addressed to a group that is not there are refused, because nobody would ever be lent them.
    /// No byte budget refuses it: only what goes on makes room in the end.
    async fn conclude(
        &self,
        group: &GroupName,
        delivery: &Delivery,
        records: Vec<Record>,
    ) -> Result<(), AppendError>;

    /// Makes the group exist, or changes what it asks for; position and open events stay.
    /// After `Ok` no later matching event is missed. Idempotent.
    async fn ensure_group(&self, group: &GroupName, spec: GroupSpec) -> Result<(), ChannelError>;

    /// Stops lending to the group. Its place is kept: `ensure_group` with the same incarnation resumes there.
    async fn park_group(&self, group: &GroupName) -> Result<(), ChannelError>;

    /// Ends the group for good; what it had not finished is given up. Idempotent.
    async fn remove_group(&self, group: &GroupName) -> Result<(), ChannelError>;

    /// Joins the group. One subscription per group and process: a second one replaces the first.
    async fn subscribe(&self, group: &GroupName) -> Result<Subscription, ChannelError>;

    /// How far behind the group is; `None` when it is not known here.
    fn lag(&self, group: &GroupName) -> Option<Lag>;

    /// Groups that exist in the log but were not ensured by this process, and since when.
    fn parked_groups(&self) -> Vec<(GroupName, Timestamp)>;

    /// The channel's dead letters.
    fn dead_letters(&self) -> Arc<DeadLetterStore>;

    /// Bytes that the channel's log occupies.
    fn bytes(&self) -> u64;

    /// Stops lending, takes back what is settled, writes the state.
    async fn close(&self);
}

/// What a trigger asks of its group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSpec {
    /// Another incarnation is another group that happens to have the same name (a new uid on Kubernetes).
    pub incarnation: String,
    /// Which events the group is lent.
    pub filter: Filter,
    /// Where a new group begins.
    pub start: StartAt,
    /// Whether order is kept per `partitionkey`.
    pub order: Order,
    /// Deliveries lent at the same time (`sluice.dev/max-in-flight`).
    pub window: NonZeroUsize,
    /// Events that may wait for a retry before the group falls off the head (`sluice.dev/max-waiting`).
    pub max_waiting: usize,
    /// Nothing is lent while true (`sluice.dev/paused`).
    pub paused: bool,
    /// No wait is longer; one that was stored before a clock jumped is clipped to it.
    pub longest_wait: Duration,
}

/// Where a new group begins to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StartAt {
    /// With the first event accepted after the group is ready.
    #[default]
    Now,
    /// With the oldest event that is still kept.
    Earliest,
    /// With the first event accepted at or after this time.
    Time(Timestamp),
}

/// Whether a group cares about order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Any order.
    #[default]
    None,
    /// Events of one `partitionkey` one after the other, in the order of acceptance.
    Key,
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody else is responsible now.
    Ack,
    /// Try again, no sooner than after this wait. Counts as an attempt.
    Nack(Duration),
    /// As `Nack`, and nobody answered at all: the group stops being lent more than one event until one succeeds.
    Unreachable(Duration),
    /// Somebody else is responsible now, but the sink itself could not be reached: the probing goes on.
    Buried,
    /// Given back untried; does not count as an attempt.
    Return,
}

/// An event on loan. Dropped unsettled it goes back to its group.
#[derive(Debug)]
#[must_use = "an unsettled delivery goes back to its group"]
pub struct Delivery {
    /// The event and its envelope.
    pub record: Arc<Record>,
    /// 1 for the first try.
    pub attempt: u32,
    /// Lent before it is due, only to learn whether the sink is back: if it still cannot be reached, settle
    /// with [`Delivery::unreachable`] whatever the attempt; it does not count.
    pub probe: bool,
    /// Where it lies: identifies the loan in its channel.
    pub lane: Lane,
    /// Where it lies; with `lane` and the group it names this delivery for ever.
    pub position: Position,
    pub(crate) loan: Loan,
}

impl Delivery {
    /// Somebody else is responsible now: the sink, the dead letter sink, the dead letter store.
    pub fn ack(mut self) {
        self.loan.settle(Outcome::Ack);
    }

    /// The dead letter sink or store took it because the sink could not be reached at all.
    pub fn bury(mut self) {
        self.loan.settle(Outcome::Buried);
    }

    /// Not done: back to the group, no sooner than `after`.
    pub fn nack(mut self, after: Duration) {
        self.loan.settle(Outcome::Nack(after));
    }

    /// The sink could not be reached at all: as `nack`, and the group probes until one succeeds.
    pub fn unreachable(mut self, after: Duration) {
        self.loan.settle(Outcome::Unreachable(after));
    }
}

/// The way back of a delivery. A loan that the engine has forgotten settles into nothing.
#[derive(Debug)]
pub(crate) struct Loan {
    pub(crate) group: u32,
    /// Which life of the group has it.
    pub(crate) incarnation: Arc<str>,
    pub(crate) token: u64,
    pub(crate) back: Option<Arc<Returns>>,
}

impl Loan {
    fn settle(&mut self, outcome: Outcome) {
        if let Some(back) = self.back.take() {
            // Nobody looks when the lane is no longer ours: its next owner lends the event again.
            back.put(Settled { group: self.group, token: self.token, outcome });
        }
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.settle(Outcome::Return);
    }
}

/// The receiving end of a group. Dropped, the group's loans come back and nothing more is lent.
#[derive(Debug)]
pub struct Subscription {
    pub(crate) deliveries: mpsc::UnboundedReceiver<Delivery>,
}

impl Subscription {
    /// The next delivery, or `None` when the group is gone from this process. Cancel safe.
    /// The queue behind it is bounded by the group's window.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.deliveries.recv().await
    }
}

/// How far behind a group is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// Positions between the group and the end of the log plus its open events; for a group behind the
    /// head an upper bound, because what does not match is not counted out before it is read.
    pub backlog: u64,
    /// Lent at the moment.
    pub in_flight: u64,
    /// Waiting for a retry.
    pub waiting: u64,
    /// When the oldest open event was accepted; `None` when there is none.
    pub oldest: Option<Timestamp>,
    /// The sink does not answer and is being probed.
    pub unreachable: bool,
    /// Events that were read for the group since this process serves it, and about which its filter erred.
    pub filter_errors: u64,
}

/// Why a group could not be changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ChannelError {
    /// There is no such group here.
    #[error("there is no group `{0}` in this channel")]
    NoSuchGroup(GroupName),
    /// The control record could not be appended.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The channel was closed.
    #[error("the channel is closed")]
    Closed,
}
