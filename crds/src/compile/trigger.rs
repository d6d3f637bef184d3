//! Triggers among their neighbours.

use super::Compiled;
use super::client_certificate;
use super::group::{self, NotReady};
use super::neighbours::{DeadLetterSink, Neighbours, TargetInForce};
use super::sink;
use crate::annotations::{self, DEPENDENCY};
use crate::parse::{Parsed, Trigger};
use crate::report::Report;
use crate::status::{self, ObjectStatus, TriggerFindings};
use crate::{Object, ObjectId};
use broker_core::{ClientCertificate, GroupName, ReplyTo, TriggerRoute};
use std::sync::Arc;

/// The group in the Broker's channel.
pub(super) fn group_name(id: &ObjectId) -> GroupName {
    GroupName::trigger(&id.namespace, &id.name)
}

pub(super) fn compile_all(valid: &[(&Object, Parsed)], neighbours: &Neighbours<'_>, compiled: &mut Compiled) {
    for (object, parsed) in valid {
        if let Parsed::Trigger(trigger) = parsed {
            compile(object, trigger, neighbours, compiled);
        }
    }
}

/// Puts one Trigger into the table if all that it needs is there; else it is held, and its status says why.
fn compile(object: &Object, trigger: &Trigger, neighbours: &Neighbours<'_>, compiled: &mut Compiled) {
    let mut report = Report::new(object);
    let broker = neighbours.in_force.get(&trigger.broker);
    let own = trigger.delivery.as_ref();
    let findings = TriggerFindings {
        broker: broker_ready(trigger, broker, neighbours, &mut report),
        subscriber: sink::resolve(&trigger.subscriber, neighbours)
            .inspect_err(|why| report.error("spec.subscriber.ref", why)),
        dead_letter_sink: group::dead_letter_sink(own, broker, "spec.broker", neighbours, &mut report),
        dependency: dependency(trigger, neighbours, &mut report),
    };
    let shown = client_certificate::of(object, &trigger.settings, neighbours, &mut report);
    let capable = broker.is_some_and(|broker| group::can_serve(&trigger.settings, broker, &mut report));
    let route = shown
        .as_ref()
        .ok()
        .filter(|_| capable)
        .zip(broker)
        .and_then(|(shown, broker)| route(object, trigger, broker, &findings, shown.as_ref()));
    let capable = capable && shown.is_ok();
    let problems = report.into_problems();
    match route.zip(broker) {
        Some((route, broker)) => {
            let status = status::of_trigger(object, &findings, true);
            compiled.objects.push(ObjectStatus::new(object, status, true));
            compiled.add_group(&broker.key, route);
        }
        None if broker.is_some() && !capable => compiled.refuse(object, &problems),
        None => {
            compiled.hold(object);
            let status = status::of_trigger(object, &findings, false);
            compiled.objects.push(ObjectStatus::new(object, status, false));
        }
    }
    compiled.problems.extend(problems);
}

/// A Broker that takes events and is not Ready goes on delivering, but none of its Triggers is Ready.
fn broker_ready(
    trigger: &Trigger,
    broker: Option<&TargetInForce>,
    neighbours: &Neighbours<'_>,
    report: &mut Report<'_>,
) -> Result<(), NotReady> {
    let Some(broker) = broker else {
        let why = sink::missing_target(&trigger.broker, neighbours);
        report.error("spec.broker", &why);
        return Err(("BrokerDoesNotExist", why));
    };
    match &broker.dead_letter_sink {
        DeadLetterSink::Unresolved(why) => Err(("BrokerNotReady", format!("its dead letter sink: {why}"))),
        DeadLetterSink::None | DeadLetterSink::Resolved(_) => Ok(()),
    }
}

/// Knative's gate: Ready follows, delivery does not stop.
fn dependency(trigger: &Trigger, neighbours: &Neighbours<'_>, report: &mut Report<'_>) -> Result<(), String> {
    let Some(id) = trigger.dependency.as_ref().filter(|id| !neighbours.has(id)) else { return Ok(()) };
    let ObjectId { kind, namespace, name } = id;
    let message = format!("there is no {kind} `{namespace}/{name}`: the Trigger delivers, but is not Ready");
    report.warning(annotations::field(DEPENDENCY), &message);
    Err(message)
}

fn route(
    object: &Object,
    trigger: &Trigger,
    broker: &TargetInForce,
    findings: &TriggerFindings,
    own: Option<&Arc<ClientCertificate>>,
) -> Option<TriggerRoute> {
    let subscriber = findings.subscriber.as_ref().ok()?;
    if matches!(findings.dead_letter_sink, DeadLetterSink::Unresolved(_)) {
        return None;
    }
    let group = group_name(&object.id);
    let delivery = trigger.delivery.as_ref().map_or(&broker.policy, |delivery| &delivery.policy).clone();
    let (uid, filter) = (trigger.uid.as_deref(), trigger.filter.clone());
    let spec = group::spec(&group, uid, filter, &trigger.settings, &delivery);
    Some(TriggerRoute {
        group,
        namespace: object.id.namespace.as_str().into(),
        spec,
        sink: client_certificate::shown_to(subscriber, own),
        reply: Some(ReplyTo::Target(broker.key.clone())),
        step: false,
        delivery,
        dead_letter_sink: findings
            .dead_letter_sink
            .resolved()
            .map(|resolved| client_certificate::shown_to(resolved, own)),
        handshake: trigger.settings.handshake,
    })
}
