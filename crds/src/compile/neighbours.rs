//! What objects can refer to.

use super::Settings;
use super::sink::Resolved;
use crate::ObjectId;
use crate::parse::{Parsed, Secret, Service};
use broker_core::{Capabilities, DeliveryPolicy, ObjectKey, PrintSink};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Every object that is valid in itself, by what others need of it.
pub(super) struct Neighbours<'a> {
    pub(super) settings: &'a Settings,
    pub(super) config_maps: BTreeMap<ObjectId, BTreeMap<String, String>>,
    pub(super) secrets: BTreeMap<ObjectId, Secret>,
    pub(super) services: BTreeMap<ObjectId, Service>,
    pub(super) sinks: BTreeMap<ObjectId, Arc<PrintSink>>,
    /// What events can be sent to without leaving this mesh. Filled before who sends is compiled.
    pub(super) targets: BTreeMap<ObjectId, ObjectKey>,
    /// Brokers, channels and flows in force. Filled before Triggers and Subscriptions are compiled.
    pub(super) in_force: BTreeMap<ObjectId, TargetInForce>,
    /// What is declared and not in force.
    pub(super) broken: BTreeSet<ObjectId>,
}

/// What a Trigger needs to know of its Broker, a Subscription of its channel.
#[derive(Clone, Debug)]
pub(super) struct TargetInForce {
    pub(super) key: ObjectKey,
    pub(super) backend: String,
    pub(super) capabilities: Capabilities,
    pub(super) policy: DeliveryPolicy,
    pub(super) dead_letter_sink: DeadLetterSink,
}

/// A dead letter sink, as far as it leads anywhere.
#[derive(Clone, Debug)]
pub(crate) enum DeadLetterSink {
    /// None was asked for.
    None,
    /// Here.
    Resolved(Resolved),
    /// One was asked for that is not there; why.
    Unresolved(String),
}

impl DeadLetterSink {
    pub(crate) fn resolved(&self) -> Option<&Resolved> {
        match self {
            Self::Resolved(sink) => Some(sink),
            Self::None | Self::Unresolved(_) => None,
        }
    }
}

impl<'a> Neighbours<'a> {
    pub(super) fn new(settings: &'a Settings) -> Self {
        Self {
            settings,
            config_maps: BTreeMap::new(),
            secrets: BTreeMap::new(),
            services: BTreeMap::new(),
            sinks: BTreeMap::new(),
            targets: BTreeMap::new(),
            in_force: BTreeMap::new(),
            broken: BTreeSet::new(),
        }
    }

    pub(super) fn add(&mut self, id: &ObjectId, parsed: &Parsed) {
        let id = id.clone();
        match parsed {
            Parsed::ConfigMap(data) => drop(self.config_maps.insert(id, data.clone())),
            Parsed::Secret(secret) => drop(self.secrets.insert(id, secret.clone())),
            Parsed::Service(service) => drop(self.services.insert(id, service.clone())),
            Parsed::IntegrationSink(sink) => drop(self.sinks.insert(id, sink.clone())),
            // Targets are in force only after their backend is found, nobody refers to a Trigger or Subscription.
            Parsed::Broker(_)
            | Parsed::Channel(_)
            | Parsed::Flow(_)
            | Parsed::Trigger(_)
            | Parsed::Subscription(_) => {}
        }
    }

    /// True when the object is there at all; for `knative.dev/dependency`.
    pub(super) fn has(&self, id: &ObjectId) -> bool {
        self.targets.contains_key(id)
            || self.sinks.contains_key(id)
            || self.services.contains_key(id)
            || self.config_maps.contains_key(id)
            || self.secrets.contains_key(id)
    }
}
