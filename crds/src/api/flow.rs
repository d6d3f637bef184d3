//! `flows.knative.dev/v1` Sequence and Parallel.

use super::{ChannelTemplate, DeliverySpec, Destination, KReference};
use serde::{Deserialize, Serialize};

/// A Sequence hands each event to its steps, one after the other: what a step answers is the next one's event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SequenceSpec {
    /// The steps, one at least.
    pub steps: Vec<SequenceStep>,
    /// Chooses the backend by its kind. Cannot be changed.
    pub channel_template: Option<ChannelTemplate>,
    /// Who gets what the last step answers.
    pub reply: Option<Destination>,
}

/// A step: a destination, and how events are delivered to it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SequenceStep {
    /// An object that takes events.
    #[serde(rename = "ref")]
    pub reference: Option<KReference>,
    /// An absolute URL; with `ref` a relative one, resolved against the object's address.
    pub uri: Option<String>,
    /// PEM roots that are trusted in addition for this step.
    #[serde(rename = "CACerts")]
    pub ca_certs: Option<String>,
    /// OIDC audience of the step.
    pub audience: Option<String>,
    /// How events are delivered to the step.
    pub delivery: Option<DeliverySpec>,
}

impl SequenceStep {
    /// The step without its `delivery`.
    #[must_use]
    pub fn destination(&self) -> Destination {
        Destination {
            reference: self.reference.clone(),
            uri: self.uri.clone(),
            ca_certs: self.ca_certs.clone(),
            audience: self.audience.clone(),
        }
    }
}

/// A Parallel hands each event to all its branches.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ParallelSpec {
    /// The branches, one at least.
    pub branches: Vec<ParallelBranch>,
    /// Chooses the backend by its kind. Cannot be changed.
    pub channel_template: Option<ChannelTemplate>,
    /// Who gets what subscribers answer whose branch has no `reply` of its own.
    pub reply: Option<Destination>,
}

/// A branch of a Parallel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ParallelBranch {
    /// Who decides whether an event goes on, by answering with it, changed or not.
    pub filter: Option<Destination>,
    /// Who gets the events.
    pub subscriber: Option<Destination>,
    /// Who gets what the subscriber answers; it beats the Parallel's.
    pub reply: Option<Destination>,
    /// How events are delivered to the subscriber and to `reply`.
    pub delivery: Option<DeliverySpec>,
}
