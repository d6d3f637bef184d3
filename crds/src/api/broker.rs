//! `eventing.knative.dev/v1` Broker.

use super::{DeliverySpec, KReference};
use serde::{Deserialize, Serialize};

/// A Broker takes events and hands them to its Triggers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BrokerSpec {
    /// A ConfigMap that chooses and configures the backend. Cannot be changed.
    pub config: Option<KReference>,
    /// How events are delivered to Triggers that have no `delivery` of their own.
    pub delivery: Option<DeliverySpec>,
}
