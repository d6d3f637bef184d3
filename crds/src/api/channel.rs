//! `messaging.knative.dev/v1` Channel and InMemoryChannel.

use super::DeliverySpec;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

/// A Channel takes events and hands each of them to all its Subscriptions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ChannelSpec {
    /// Chooses the backend by its kind. Cannot be changed.
    pub channel_template: Option<ChannelTemplate>,
    /// How events are delivered to Subscriptions that have no `delivery` of their own.
    pub delivery: Option<DeliverySpec>,
    /// Never written by users: it follows from the Subscriptions.
    #[serde(skip_serializing)]
    pub subscribers: Option<Vec<IgnoredAny>>,
}

/// An InMemoryChannel is a Channel of the default backend, which is durable unless it is `memory`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct InMemoryChannelSpec {
    /// How events are delivered to Subscriptions that have no `delivery` of their own.
    pub delivery: Option<DeliverySpec>,
    /// Ignored: what a server wrote there follows from the Subscriptions.
    #[serde(skip_serializing)]
    pub subscribers: Option<Vec<IgnoredAny>>,
}

/// The object that Knative would make for a channel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ChannelTemplate {
    /// Its `group/version`.
    pub api_version: Option<String>,
    /// Its kind: `InMemoryChannel`, `KafkaChannel` or `NatsJetStreamChannel`.
    pub kind: Option<String>,
    /// Settings of that kind; none of them means anything here.
    #[serde(skip_serializing)]
    pub spec: Option<IgnoredAny>,
}
