//! A Broker, alone.

use super::{Delivery, delivery, destination};
use crate::annotations::{self, BROKER_CLASS, TargetSettings};
use crate::api::{BrokerSpec, KReference, Metadata};
use crate::class::{self, Class};
use crate::report::Report;
use crate::{Object, ObjectId};

/// What a Broker says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Broker {
    pub(crate) uid: Option<String>,
    pub(crate) class: Class,
    pub(crate) config: Option<ConfigRef>,
    pub(crate) settings: TargetSettings,
    pub(crate) delivery: Option<Delivery>,
}

/// The ConfigMap that a Broker refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigRef {
    pub(crate) id: ObjectId,
}

impl ConfigRef {
    /// True for the ConfigMaps that an installation of Knative has: users of its manifests do not have them.
    pub(crate) fn is_of_installation(&self) -> bool {
        self.id.namespace == "knative-eventing"
    }
}

pub(super) fn parse(
    object: &Object,
    metadata: &Metadata,
    spec: BrokerSpec,
    report: &mut Report<'_>,
) -> Option<Broker> {
    let namespace = &object.id.namespace;
    let settings = annotations::of_target(&metadata.annotations, report);
    let class = match metadata.annotations.get(BROKER_CLASS) {
        None => Some(Class::Default),
        Some(text) => report.take(&annotations::field(BROKER_CLASS), class::parse(text)),
    };
    let config = spec.config.and_then(|config| config_ref(&config, namespace, report));
    let delivery = spec.delivery.and_then(|spec| delivery::parse(&spec, "spec.delivery", namespace, report));
    Some(Broker { uid: metadata.uid.clone(), class: class?, config, settings, delivery })
}

fn config_ref(config: &KReference, namespace: &str, report: &mut Report<'_>) -> Option<ConfigRef> {
    let reference = destination::reference(config, "spec.config", namespace, report)?;
    if reference.id.kind != "ConfigMap" || reference.api_version != "v1" {
        report.error(
            "spec.config.kind",
            format!("a Broker is configured by a `v1` ConfigMap, not by `{}`", reference.kind_text()),
        );
        return None;
    }
    Some(ConfigRef { id: reference.id })
}
