//! A Trigger, alone.

use super::{Delivery, Destination, delivery, destination, filters};
use crate::annotations::{self, DEPENDENCY, TriggerSettings};
use crate::api::{KReference, Metadata, TriggerSpec};
use crate::kind::{self, Kind};
use crate::report::Report;
use crate::{Object, ObjectId, fields};
use filter::Filter;

/// What a Trigger says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Trigger {
    pub(crate) uid: Option<String>,
    pub(crate) broker: ObjectId,
    pub(crate) filter: Filter,
    pub(crate) subscriber: Destination,
    pub(crate) delivery: Option<Delivery>,
    pub(crate) settings: TriggerSettings,
    /// `knative.dev/dependency`.
    pub(crate) dependency: Option<ObjectId>,
}

pub(super) fn parse(
    object: &Object,
    metadata: &Metadata,
    spec: &TriggerSpec,
    report: &mut Report<'_>,
) -> Option<Trigger> {
    let namespace = &object.id.namespace;
    let settings = annotations::of_trigger(&metadata.annotations, report);
    let dependency = dependency(metadata, namespace, report);
    let broker = broker(spec, namespace, report);
    let filter = filters::parse(spec.filter.as_ref(), spec.filters.as_deref(), report);
    let subscriber = match &spec.subscriber {
        Some(subscriber) => destination::parse(subscriber, "spec.subscriber", namespace, report),
        None => {
            report.error("spec", "`subscriber` is missing: say who gets the events");
            None
        }
    };
    let delivery =
        spec.delivery.as_ref().and_then(|spec| delivery::parse(spec, "spec.delivery", namespace, report));
    let uid = metadata.uid.clone();
    Some(Trigger {
        uid,
        broker: broker?,
        filter: filter?,
        subscriber: subscriber?,
        delivery,
        settings,
        dependency,
    })
}

fn broker(spec: &TriggerSpec, namespace: &str, report: &mut Report<'_>) -> Option<ObjectId> {
    let named = spec.broker.as_deref().filter(|name| !name.is_empty());
    match (named, &spec.broker_ref) {
        (Some(name), None) => {
            let (namespace, name) = (namespace.to_owned(), name.to_owned());
            Some(ObjectId { kind: "Broker".to_owned(), namespace, name })
        }
        (None, Some(reference)) => broker_ref(reference, namespace, report),
        (Some(_), Some(_)) => {
            report.error("spec.brokerRef", "stands beside `broker`: remove one of them");
            None
        }
        (None, None) => {
            report.error("spec", "`broker` is missing: name the Broker whose events are wanted");
            None
        }
    }
}

fn broker_ref(spec: &KReference, namespace: &str, report: &mut Report<'_>) -> Option<ObjectId> {
    let reference = destination::reference(spec, "spec.brokerRef", namespace, report)?;
    if !kind::is(&reference.api_version, &reference.id.kind, Kind::Broker) {
        let found = reference.kind_text();
        report.error("spec.brokerRef", format!("is not a Broker of `eventing.knative.dev/v1` but `{found}`"));
        return None;
    }
    Some(reference.id)
}

/// The object that Knative's annotation names, as JSON.
fn dependency(metadata: &Metadata, namespace: &str, report: &mut Report<'_>) -> Option<ObjectId> {
    let text = metadata.annotations.get(DEPENDENCY)?;
    let field = annotations::field(DEPENDENCY);
    let value: serde_json::Value =
        report.take(&field, serde_json::from_str(text).map_err(|why| format!("is no JSON: {why}")))?;
    let read = fields::read::<KReference>(&value, "").map_err(|errors| {
        let messages: Vec<String> = errors.into_iter().map(|error| error.message).collect();
        messages.join(", ")
    });
    let spec = report.take(&field, read)?.value;
    destination::reference(&spec, &field, namespace, report).map(|reference| reference.id)
}
