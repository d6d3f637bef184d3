//! From one document to what it says, with nothing invalid left. Other objects are not looked at.

mod broker;
mod channel;
mod delivery;
mod destination;
mod filters;
mod flow;
mod secret;
mod service;
mod sink;
mod subscription;
mod trigger;

pub(crate) use broker::{Broker, ConfigRef};
pub(crate) use channel::Channel;
pub(crate) use delivery::Delivery;
pub(crate) use destination::{Destination, Reference, absolute as absolute_url};
pub(crate) use flow::{Branch, Flow, Parts, Step};
pub(crate) use secret::Secret;
pub(crate) use service::Service;
pub(crate) use subscription::{Recipients, Subscription};
pub(crate) use trigger::Trigger;

use crate::api::{ConfigMap, Metadata};
use crate::fields::{self, FieldError};
use crate::kind::{Kind, Recognised, recognise};
use crate::report::Report;
use crate::{Object, Problem, annotations};
use broker_core::PrintSink;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An object that is valid in itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Parsed {
    Broker(Box<Broker>),
    /// Also an InMemoryChannel.
    Channel(Box<Channel>),
    Trigger(Box<Trigger>),
    Subscription(Box<Subscription>),
    Flow(Box<Flow>),
    IntegrationSink(Arc<PrintSink>),
    ConfigMap(BTreeMap<String, String>),
    Secret(Secret),
    Service(Service),
}

/// Parses one object. `None`: it is invalid, the problems say why. There may be warnings either way.
pub(crate) fn parse(object: &Object) -> (Option<Parsed>, Vec<Problem>) {
    let mut report = Report::new(object);
    let parsed = match recognise(&object.api_version, &object.id.kind) {
        Recognised::Known(kind) => parse_kind(kind, object, &mut report),
        Recognised::WrongVersion(message) => {
            report.error("apiVersion", message);
            None
        }
        Recognised::NotTaken(field, message) => {
            report.warning(field, message);
            None
        }
        Recognised::Unknown => None,
    };
    let problems = report.into_problems();
    let invalid = problems.iter().any(|p| p.severity == crate::Severity::Error);
    (parsed.filter(|_| !invalid), problems)
}

fn parse_kind(kind: Kind, object: &Object, report: &mut Report<'_>) -> Option<Parsed> {
    let metadata: Metadata = read(object.value.get("metadata"), "metadata", plainly, report)?;
    if !kind.has_annotations() {
        annotations::of_others(&metadata.annotations, report);
    }
    match kind {
        Kind::Broker => {
            let broker = broker::parse(object, &metadata, spec(object, report)?, report)?;
            Some(Parsed::Broker(Box::new(broker)))
        }
        Kind::Trigger => {
            let trigger = trigger::parse(object, &metadata, &spec(object, report)?, report)?;
            Some(Parsed::Trigger(Box::new(trigger)))
        }
        Kind::Channel => {
            let channel = channel::parse(object, &metadata, &spec(object, report)?, report)?;
            Some(Parsed::Channel(Box::new(channel)))
        }
        Kind::InMemoryChannel => {
            let channel = channel::parse_in_memory(object, &metadata, spec(object, report)?, report)?;
            Some(Parsed::Channel(Box::new(channel)))
        }
        Kind::Subscription => {
            let subscription = subscription::parse(object, &metadata, &spec(object, report)?, report)?;
            Some(Parsed::Subscription(Box::new(subscription)))
        }
        Kind::Sequence => {
            let flow = flow::parse_sequence(object, &metadata, &spec(object, report)?, report)?;
            Some(Parsed::Flow(Box::new(flow)))
        }
        Kind::Parallel => {
            let flow = flow::parse_parallel(object, &metadata, &spec(object, report)?, report)?;
            Some(Parsed::Flow(Box::new(flow)))
        }
        Kind::IntegrationSink => {
            let sink = sink::parse(object, spec(object, report)?, report)?;
            Some(Parsed::IntegrationSink(Arc::new(sink)))
        }
        Kind::ConfigMap => whole::<ConfigMap>(object, report).map(|map| Parsed::ConfigMap(map.data)),
        Kind::Secret => secret::parse(whole(object, report)?, report).map(Parsed::Secret),
        Kind::Service => service::parse(object, report).map(Parsed::Service),
    }
}

/// Fields that every object has; the first three are read before, the last is the server's.
const FRAME: [&str; 4] = ["apiVersion", "kind", "metadata", "status"];

/// Reads `spec`, and warns about what stands beside it.
fn spec<T: DeserializeOwned>(object: &Object, report: &mut Report<'_>) -> Option<T> {
    let beside = object.value.as_object().into_iter().flat_map(|fields| fields.keys());
    for name in beside.filter(|name| *name != "spec" && !FRAME.contains(&name.as_str())) {
        let hint = crate::nearest::hint(name, ["spec"].into_iter().chain(FRAME));
        report.warning(name, format!("unknown field, it is ignored{hint}"));
    }
    read(object.value.get("spec"), "spec", plainly, report)
}

/// Reads an object that has no `spec`.
fn whole<T: DeserializeOwned>(object: &Object, report: &mut Report<'_>) -> Option<T> {
    let mut value = object.value.clone();
    if let Value::Object(fields) = &mut value {
        fields.retain(|name, _| !FRAME.contains(&name.as_str()));
    }
    let words = if object.id.kind == "Secret" { discreetly } else { plainly };
    read(Some(&value), "", words, report)
}

fn plainly(error: FieldError) -> String {
    error.message
}

/// Without the value that stands there.
fn discreetly(error: FieldError) -> String {
    error.discreet
}

/// Reads one field; left out or `null` it is empty. `words` chooses what is said of an error.
fn read<T: DeserializeOwned>(
    value: Option<&Value>,
    path: &str,
    words: fn(FieldError) -> String,
    report: &mut Report<'_>,
) -> Option<T> {
    let empty = Value::Object(serde_json::Map::new());
    let value = value.filter(|value| !value.is_null()).unwrap_or(&empty);
    match fields::read(value, path) {
        Ok(read) => {
            for (field, message) in read.unknown {
                report.warning(field, message);
            }
            Some(read.value)
        }
        Err(errors) => {
            for mut error in errors {
                let field = error.field.take().unwrap_or_default();
                report.error(field, words(error));
            }
            None
        }
    }
}
