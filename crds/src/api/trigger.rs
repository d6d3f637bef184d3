//! `eventing.knative.dev/v1` Trigger.

use super::{DeliverySpec, Destination, KReference};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A Trigger sends those events of a Broker that pass its filters to its subscriber.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TriggerSpec {
    /// Name of the Broker in the Trigger's namespace. Cannot be changed. Either this or `brokerRef`.
    pub broker: Option<String>,
    /// The Broker, also in another namespace. Cannot be changed.
    pub broker_ref: Option<KReference>,
    /// The older filter: attributes that must be equal. Ignored when `filters` has an element.
    pub filter: Option<TriggerFilter>,
    /// Filters of which an event must pass every one.
    pub filters: Option<Vec<SubscriptionsApiFilter>>,
    /// Who gets the events.
    pub subscriber: Option<Destination>,
    /// How events are delivered; replaces the Broker's `delivery` as a whole.
    pub delivery: Option<DeliverySpec>,
}

/// The older filter of a Trigger.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TriggerFilter {
    /// Attributes and the values they must have; the empty value means any.
    pub attributes: Option<BTreeMap<String, String>>,
}

/// One filter. Exactly one of the fields is set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SubscriptionsApiFilter {
    /// Every filter in the list must pass.
    pub all: Option<Vec<SubscriptionsApiFilter>>,
    /// One filter in the list must pass.
    pub any: Option<Vec<SubscriptionsApiFilter>>,
    /// The filter must not pass.
    pub not: Option<Box<SubscriptionsApiFilter>>,
    /// Each attribute must be present and equal to its value.
    pub exact: Option<BTreeMap<String, String>>,
    /// Each attribute must be present and start with its value.
    pub prefix: Option<BTreeMap<String, String>>,
    /// Each attribute must be present and end with its value.
    pub suffix: Option<BTreeMap<String, String>>,
    /// A CloudEvents SQL expression that must be true.
    pub cesql: Option<String>,
}
