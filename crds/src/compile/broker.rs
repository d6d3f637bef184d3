//! Brokers among their neighbours.

use super::Compiled;
use super::backend;
use super::neighbours::{BrokerInForce, DeadLetterSink, Neighbours};
use super::sink::{self, target_address};
use crate::annotations::{self, RETENTION};
use crate::parse::{Broker, Parsed};
use crate::report::Report;
use crate::status::{self, ObjectStatus};
use crate::{Object, ObjectId};
use broker_core::{Capabilities, ChannelId, ChannelOptions, ChannelRef, ObjectKey, Route};
use std::sync::Arc;

/// The channel of a Broker; on Kubernetes a new uid is a new channel.
pub(super) fn channel_id(id: &ObjectId, uid: Option<&str>) -> ChannelId {
    let ObjectId { namespace, name, .. } = id;
    match uid {
        Some(uid) => ChannelId::from(format!("broker/{namespace}/{name}/{uid}").as_str()),
        None => ChannelId::from(format!("broker/{namespace}/{name}").as_str()),
    }
}

/// First every Broker's backend, then their dead letter sinks: these may be Brokers, too.
pub(super) fn compile_all(
    valid: &[(&Object, Parsed)],
    neighbours: &mut Neighbours<'_>,
    compiled: &mut Compiled,
) {
    let brokers: Vec<(&Object, &Broker)> = valid
        .iter()
        .filter_map(|(object, parsed)| match parsed {
            Parsed::Broker(broker) => Some((*object, &**broker)),
            _ => None,
        })
        .collect();
    let mut in_force = Vec::new();
    for (object, broker) in brokers {
        match open(object, broker, neighbours, compiled) {
            Some(opened) => {
                let key = ObjectKey::broker(&object.id.namespace, &object.id.name);
                neighbours.targets.insert(object.id.clone(), key);
                neighbours.brokers.insert(object.id.clone(), opened);
                in_force.push((object, broker));
            }
            None => drop(neighbours.broken.insert(object.id.clone())),
        }
    }
    for (object, broker) in in_force {
        let dead_letter_sink = dead_letter_sink(object, broker, neighbours, compiled);
        let key = ObjectKey::broker(&object.id.namespace, &object.id.name);
        let url = target_address(neighbours.settings, &key);
        let status = status::of_broker(object, &url, &dead_letter_sink);
        compiled.objects.push(ObjectStatus::new(object, status, true));
        if let Some(opened) = neighbours.brokers.get_mut(&object.id) {
            opened.dead_letter_sink = dead_letter_sink;
        }
    }
}

/// Puts the Broker into the table, if its backend is there and can do what is asked.
fn open(
    object: &Object,
    broker: &Broker,
    neighbours: &Neighbours<'_>,
    compiled: &mut Compiled,
) -> Option<BrokerInForce> {
    let mut report = Report::new(object);
    let chosen = backend::choose(broker, neighbours, &mut report)
        .filter(|(name, capabilities)| can_keep(broker, name, *capabilities, &mut report));
    let problems = report.into_problems();
    let Some((backend, capabilities)) = chosen else {
        compiled.refuse(object, &problems);
        compiled.problems.extend(problems);
        return None;
    };
    compiled.problems.extend(problems);
    let key = ObjectKey::broker(&object.id.namespace, &object.id.name);
    let options =
        ChannelOptions { byte_budget: broker.settings.disk_budget, retention: broker.settings.retention };
    let id = channel_id(&object.id, broker.uid.as_deref());
    let channel = ChannelRef { backend: backend.clone(), id, options };
    let route = Route { key: key.clone(), channel, hops: broker.settings.hops, triggers: Vec::new() };
    compiled.table.routes.insert(key, Arc::new(route));
    let policy = broker.delivery.as_ref().map(|delivery| delivery.policy.clone()).unwrap_or_default();
    Some(BrokerInForce { backend, capabilities, policy, dead_letter_sink: DeadLetterSink::None })
}

fn can_keep(broker: &Broker, backend: &str, capabilities: Capabilities, report: &mut Report<'_>) -> bool {
    let asked = !broker.settings.retention.is_zero();
    if asked && !capabilities.replay {
        report.error(
            annotations::field(RETENTION),
            format!(
                "backend `{backend}` cannot read the past: remove the annotation, or choose another backend"
            ),
        );
    }
    !asked || capabilities.replay
}

/// A Broker whose dead letter sink is missing goes on taking events; it is not Ready, and the Triggers that rely
/// on that sink wait.
fn dead_letter_sink(
    object: &Object,
    broker: &Broker,
    neighbours: &Neighbours<'_>,
    compiled: &mut Compiled,
) -> DeadLetterSink {
    let Some(wanted) = broker.delivery.as_ref().and_then(|delivery| delivery.dead_letter_sink.as_ref())
    else {
        return DeadLetterSink::None;
    };
    match sink::resolve(wanted, neighbours) {
        Ok(resolved) => DeadLetterSink::Resolved(resolved),
        Err(why) => {
            let mut report = Report::new(object);
            report.error(
                "spec.delivery.deadLetterSink.ref",
                format!("{why}. The Broker takes events, Triggers that rely on this sink wait"),
            );
            compiled.problems.extend(report.into_problems());
            DeadLetterSink::Unresolved(why)
        }
    }
}
