//! What travels with an event inside sluice and cannot be set by a client.

use crate::Timestamp;

/// The part of a record that is ours: who may get the event, how far it may go, where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Which groups are offered the event.
    pub audience: Audience,
    /// Rounds through a broker that are left; 0 may be delivered but not replied to.
    pub hops: u8,
    /// When the door let the event in.
    pub accepted_at: Timestamp,
    /// W3C trace context of the sender.
    pub trace: Option<TraceContext>,
    /// Set on a step of a Sequence or Parallel.
    pub flow: Option<FlowStep>,
    /// The dead letter entry that this record tries again.
    pub redrive: Option<String>,
    /// The position in the lane that the event had before it was moved forward: keeps the order of its key.
    pub origin: Option<u64>,
}

impl Envelope {
    /// The envelope of an event that just came in, for everybody who matches.
    #[must_use]
    pub fn accepted(hops: u8, accepted_at: Timestamp) -> Self {
        Self {
            audience: Audience::All,
            hops,
            accepted_at,
            trace: None,
            flow: None,
            redrive: None,
            origin: None,
        }
    }
}

/// Who is offered an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Every group whose filter matches.
    All,
    /// These groups and nobody else, whatever their filters say (redrive, flow step, moved forward).
    Groups(Vec<Addressee>),
}

/// One group that a record is addressed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee {
    /// The group's name.
    pub group: String,
    /// Attempts that were already made.
    pub attempts: u32,
    /// Not to be tried before; zero: now.
    pub due: Timestamp,
}

/// Where in a flow an event is, and which finished step caused it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowStep {
    /// The flow's name as the routing table has it.
    pub flow: String,
    /// Index of the step or branch.
    pub step: u32,
    /// Position of the record whose step produced this one: counts as acked once this record is durable.
    pub cause: u64,
}

/// W3C trace context headers, as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceContext {
    /// `traceparent`.
    pub parent: String,
    /// `tracestate`; empty when absent.
    pub state: String,
}
