//! `messaging.knative.dev/v1` Subscription.

use super::{DeliverySpec, Destination, KReference};
use serde::{Deserialize, Serialize};

/// A Subscription sends every event of a channel to its subscriber, and the subscriber's answers to its reply.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SubscriptionSpec {
    /// The channel, in the Subscription's namespace. Cannot be changed.
    pub channel: Option<KReference>,
    /// Who gets the events. Without one they go to `reply` themselves.
    pub subscriber: Option<Destination>,
    /// Who gets the subscriber's answers. Without one answers are dropped.
    pub reply: Option<Destination>,
    /// How events are delivered; replaces the channel's `delivery` as a whole.
    pub delivery: Option<DeliverySpec>,
}
