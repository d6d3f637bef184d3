//! The objects as their authors write them: one file per kind, every field that is understood.
//!
//! These are Knative's types and nothing more: what a field means, and which values are refused, is decided
//! when the object is parsed. The doc comments are the descriptions of the fields.

mod broker;
mod channel;
mod config_map;
mod delivery;
mod destination;
mod flow;
mod integration_sink;
mod metadata;
mod secret;
mod service;
mod subscription;
mod trigger;

pub use broker::BrokerSpec;
pub use channel::{ChannelSpec, ChannelTemplate, InMemoryChannelSpec};
pub use config_map::ConfigMap;
pub use delivery::{BackoffPolicy, DeliverySpec, Format};
pub use destination::{Destination, KReference};
pub use flow::{ParallelBranch, ParallelSpec, SequenceSpec, SequenceStep};
pub use integration_sink::{IntegrationSinkSpec, LogLevel, LogSink};
pub use metadata::Metadata;
pub use secret::Secret;
pub use service::{ServicePort, ServiceSpec};
pub use subscription::SubscriptionSpec;
pub use trigger::{SubscriptionsApiFilter, TriggerFilter, TriggerSpec};
