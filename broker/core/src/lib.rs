//! The ground of sluice: the routing table, the channel contract, the engine over a log, the door in.
//!
//! What it does: says what users declared ([`RoutingTable`], [`Routes`]); what a channel promises
//! ([`Channel`], [`Delivery`]); what a backend must write ([`Backend`], [`Log`]); keeps groups, windows,
//! retries, order and dead letters once, over that seam ([`engine`]); lets events in ([`Publisher`]).
//!
//! What it must not do: open a socket or a file, parse YAML, know Kubernetes or which backend carries it.
//!
//! Where to start: [`log`] for the seam, [`channel`] for the contract, [`table`] for what the data plane obeys.

pub mod channel;
pub mod channels;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod dead_letter;
pub mod delivery;
#[cfg(feature = "doubles")]
pub mod doubles;
pub mod engine;
pub mod entry;
pub mod live;
pub mod log;
pub mod names;
pub mod provision;
pub mod publisher;
pub mod readiness;
mod returns;
pub mod table;

pub use channel::{Channel, ChannelError, Delivery, GroupSpec, Lag, Order, Outcome, StartAt, Subscription};
pub use channels::Channels;
pub use dead_letter::{DeadLetter, DeadLetterChange, DeadLetterError, DeadLetterQuery, DeadLetterStore};
pub use delivery::{Backoff, BackoffPolicy, DeliveryPolicy, Format};
pub use entry::{Done, Entry, EntryError, GroupChange};
pub use live::{InForce, Routes, RoutesPublisher, routes};
pub use log::{
    AppendError, Backend, BackendError, Batch, Capabilities, ChannelOptions, Health, LaneChange, Log,
    LogError, Reader, StateError, StateWrite,
};
pub use names::{ChannelId, GroupName, Lane, ObjectKey, Position, TargetKind};
pub use provision::Provisioner;
pub use publisher::{Arrival, Limits, PublishError, Publisher, Tapped};
pub use readiness::{Readiness, State};
pub use table::{
    ChannelRef, ClientCertificate, Held, HttpSink, PrintSink, ReplyTo, Route, RoutingTable, Sink,
    TriggerRoute,
};
