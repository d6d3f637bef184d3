//! What takes events, Brokers, channels and flows, among their neighbours.

use super::neighbours::{DeadLetterSink, Neighbours, TargetInForce};
use super::sink::{self, target_address};
use super::{Compiled, backend, flow};
use crate::annotations::{self, RETENTION, TargetSettings};
use crate::parse::{Delivery, Parsed};
use crate::report::Report;
use crate::status::{self, ObjectStatus};
use crate::{Object, ObjectId};
use broker_core::{Capabilities, ChannelId, ChannelOptions, ChannelRef, ObjectKey, Route, TargetKind};
use std::sync::Arc;

/// How others address it; `None` for kinds that take no events. A Channel and an InMemoryChannel of one name would
/// have the same address.
pub(super) fn key(id: &ObjectId) -> Option<ObjectKey> {
    let kind = match id.kind.as_str() {
        "Broker" => TargetKind::Broker,
        "Channel" | "InMemoryChannel" => TargetKind::Channel,
        "Sequence" => TargetKind::Sequence,
        "Parallel" => TargetKind::Parallel,
        _ => return None,
    };
    Some(ObjectKey::new(kind, &id.namespace, &id.name))
}

/// Its channel; on Kubernetes a new uid is a new one.
pub(super) fn channel_id(key: &ObjectKey, uid: Option<&str>) -> ChannelId {
    let ObjectKey { kind, namespace, name } = key;
    let kind = match kind {
        TargetKind::Broker => "broker",
        TargetKind::Channel => "channel",
        TargetKind::Sequence => "sequence",
        TargetKind::Parallel => "parallel",
    };
    match uid {
        Some(uid) => ChannelId::from(format!("{kind}/{namespace}/{name}/{uid}").as_str()),
        None => ChannelId::from(format!("{kind}/{namespace}/{name}").as_str()),
    }
}

/// What all kinds of targets say.
#[derive(Clone, Copy)]
struct Target<'a> {
    object: &'a Object,
    parsed: &'a Parsed,
    uid: Option<&'a str>,
    settings: &'a TargetSettings,
    delivery: Option<&'a Delivery>,
}

impl<'a> Target<'a> {
    fn of(object: &'a Object, parsed: &'a Parsed) -> Option<Self> {
        let (uid, settings, delivery) = match parsed {
            Parsed::Broker(broker) => (&broker.uid, &broker.settings, &broker.delivery),
            Parsed::Channel(channel) => (&channel.uid, &channel.settings, &channel.delivery),
            Parsed::Flow(flow) => (&flow.uid, &flow.settings, &None),
            _ => return None,
        };
        Some(Self { object, parsed, uid: uid.as_deref(), settings, delivery: delivery.as_ref() })
    }
}

/// First every target's backend, then where flows lead, then the dead letter sinks of the others: these may be
/// targets, too.
pub(super) fn compile_all(
    valid: &[(&Object, Parsed)],
    neighbours: &mut Neighbours<'_>,
    compiled: &mut Compiled,
) {
    let mut in_force = Vec::new();
    for target in valid.iter().filter_map(|(object, parsed)| Target::of(object, parsed)) {
        match open(target, neighbours, compiled) {
            Some(opened) => {
                let (id, key) = (&target.object.id, opened.key.clone());
                neighbours.targets.insert(id.clone(), key.clone());
                neighbours.in_force.insert(id.clone(), opened);
                in_force.push((target, key));
            }
            None => drop(neighbours.broken.insert(target.object.id.clone())),
        }
    }
    flow::compile_all(valid, neighbours, compiled);
    for (target, key) in in_force {
        if matches!(target.parsed, Parsed::Flow(_)) {
            continue;
        }
        let dead_letter_sink = dead_letter_sink(target, neighbours, compiled);
        let url = target_address(neighbours.settings, &key);
        let status = status::of_target(target.object, &url, &dead_letter_sink);
        compiled.objects.push(ObjectStatus::new(target.object, status, true));
        if let Some(opened) = neighbours.in_force.get_mut(&target.object.id) {
            opened.dead_letter_sink = dead_letter_sink;
        }
    }
}

/// Puts the target into the table, if its backend is there and can do what is asked.
fn open(target: Target<'_>, neighbours: &Neighbours<'_>, compiled: &mut Compiled) -> Option<TargetInForce> {
    let Target { object, settings, .. } = target;
    let mut report = Report::new(object);
    let chosen = backend(target, neighbours, &mut report)
        .filter(|(name, capabilities)| can_keep(settings, name, *capabilities, &mut report));
    let key = key(&object.id).filter(|key| is_free(key, object, compiled, &mut report));
    let problems = report.into_problems();
    let (Some((backend, capabilities)), Some(key)) = (chosen, key) else {
        compiled.refuse(object, &problems);
        compiled.problems.extend(problems);
        return None;
    };
    compiled.problems.extend(problems);
    let options = ChannelOptions { byte_budget: settings.disk_budget, retention: settings.retention };
    let id = channel_id(&key, target.uid);
    let channel = ChannelRef { backend: backend.clone(), id, options };
    let route = Route { key: key.clone(), channel, hops: settings.hops, triggers: Vec::new() };
    compiled.table.routes.insert(key.clone(), Arc::new(route));
    let policy = target.delivery.map(|delivery| delivery.policy.clone()).unwrap_or_default();
    Some(TargetInForce { key, backend, capabilities, policy, dead_letter_sink: DeadLetterSink::None })
}

fn backend(
    target: Target<'_>,
    neighbours: &Neighbours<'_>,
    report: &mut Report<'_>,
) -> Option<(String, Capabilities)> {
    let choice = match target.parsed {
        Parsed::Broker(broker) => backend::of_broker(broker, neighbours, report)?,
        Parsed::Channel(channel) => backend::of_template(&channel.settings, channel.template),
        Parsed::Flow(flow) => backend::of_template(&flow.settings, flow.template),
        _ => return None,
    };
    backend::find(&choice, neighbours.settings, report)
}

/// Only a Channel and an InMemoryChannel can stand in each other's way.
fn is_free(key: &ObjectKey, object: &Object, compiled: &Compiled, report: &mut Report<'_>) -> bool {
    let taken = compiled.table.routes.contains_key(key);
    if taken {
        let ObjectId { kind, namespace, name } = &object.id;
        report.error(
            "metadata.name",
            format!("Channel `{namespace}/{name}` has the same address: give the {kind} another name, or remove one of them"),
        );
    }
    !taken
}

fn can_keep(
    settings: &TargetSettings,
    backend: &str,
    capabilities: Capabilities,
    report: &mut Report<'_>,
) -> bool {
    let asked = !settings.retention.is_zero();
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

/// A target whose dead letter sink is missing goes on taking events; it is not Ready, and those who rely on that
/// sink wait.
fn dead_letter_sink(
    target: Target<'_>,
    neighbours: &Neighbours<'_>,
    compiled: &mut Compiled,
) -> DeadLetterSink {
    let Some(wanted) = target.delivery.and_then(|delivery| delivery.dead_letter_sink.as_ref()) else {
        return DeadLetterSink::None;
    };
    match sink::resolve(wanted, neighbours) {
        Ok(resolved) => DeadLetterSink::Resolved(resolved),
        Err(why) => {
            let kind = &target.object.id.kind;
            let waiting = if kind == "Broker" { "Triggers" } else { "Subscriptions" };
            let mut report = Report::new(target.object);
            report.error(
                "spec.delivery.deadLetterSink.ref",
                format!("{why}. The {kind} takes events, {waiting} that rely on this sink wait"),
            );
            compiled.problems.extend(report.into_problems());
            DeadLetterSink::Unresolved(why)
        }
    }
}
