//! Triggers among their neighbours.

use super::Compiled;
use super::client_certificate;
use super::neighbours::{BrokerInForce, DeadLetterSink, Neighbours};
use super::sink;
use crate::annotations::{self, CLIENT_CERTIFICATE, DEPENDENCY, ORDER, START};
use crate::parse::{Parsed, Trigger};
use crate::report::Report;
use crate::status::{self, ObjectStatus, TriggerFindings};
use crate::{Object, ObjectId};
use broker_core::{ClientCertificate, GroupName, GroupSpec, ObjectKey, Order, Sink, StartAt, TriggerRoute};
use std::sync::Arc;

/// `NS/NAME`: the group in the Broker's channel.
pub(super) fn group_name(id: &ObjectId) -> GroupName {
    GroupName::from(format!("{}/{}", id.namespace, id.name).as_str())
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
    let broker = neighbours.brokers.get(&trigger.broker);
    let findings = TriggerFindings {
        broker: broker_ready(trigger, broker, neighbours, &mut report),
        subscriber: sink::resolve(&trigger.subscriber, neighbours)
            .inspect_err(|why| report.error("spec.subscriber.ref", why)),
        dead_letter_sink: dead_letter_sink(trigger, broker, neighbours, &mut report),
        dependency: dependency(trigger, neighbours, &mut report),
    };
    let own = client_certificate(object, trigger, neighbours, &mut report);
    let capable = broker.is_some_and(|broker| can_serve(trigger, broker, &mut report)) && own.is_ok();
    let own = own.unwrap_or_default();
    let route =
        broker.filter(|_| capable).and_then(|broker| route(object, trigger, broker, &findings, own.as_ref()));
    let problems = report.into_problems();
    match route {
        Some(route) => {
            let status = status::of_trigger(object, &findings, true);
            compiled.objects.push(ObjectStatus::new(object, status, true));
            compiled.add_trigger(&trigger.broker, route);
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
    broker: Option<&BrokerInForce>,
    neighbours: &Neighbours<'_>,
    report: &mut Report<'_>,
) -> Result<(), (&'static str, String)> {
    let Some(broker) = broker else {
        let why = sink::missing_broker(&trigger.broker, neighbours);
        report.error("spec.broker", &why);
        return Err(("BrokerDoesNotExist", why));
    };
    match &broker.dead_letter_sink {
        DeadLetterSink::Unresolved(why) => Err(("BrokerNotReady", format!("its dead letter sink: {why}"))),
        DeadLetterSink::None | DeadLetterSink::Resolved(_) => Ok(()),
    }
}

/// The Trigger's own, else the Broker's.
fn dead_letter_sink(
    trigger: &Trigger,
    broker: Option<&BrokerInForce>,
    neighbours: &Neighbours<'_>,
    report: &mut Report<'_>,
) -> DeadLetterSink {
    if let Some(wanted) = trigger.delivery.as_ref().and_then(|delivery| delivery.dead_letter_sink.as_ref()) {
        return match sink::resolve(wanted, neighbours) {
            Ok(resolved) => DeadLetterSink::Resolved(resolved),
            Err(why) => {
                report.error("spec.delivery.deadLetterSink.ref", &why);
                DeadLetterSink::Unresolved(why)
            }
        };
    }
    let inherited = broker.map_or(DeadLetterSink::None, |broker| broker.dead_letter_sink.clone());
    if let DeadLetterSink::Unresolved(why) = &inherited {
        report.error("spec.broker", format!("waits for the dead letter sink of its Broker: {why}"));
    }
    inherited
}

/// Knative's gate: Ready follows, delivery does not stop.
fn dependency(trigger: &Trigger, neighbours: &Neighbours<'_>, report: &mut Report<'_>) -> Result<(), String> {
    let Some(id) = trigger.dependency.as_ref().filter(|id| !neighbours.has(id)) else { return Ok(()) };
    let ObjectId { kind, namespace, name } = id;
    let message = format!("there is no {kind} `{namespace}/{name}`: the Trigger delivers, but is not Ready");
    report.warning(annotations::field(DEPENDENCY), &message);
    Err(message)
}

/// What the Trigger shows its sinks, if it has anything to show. `Err`: it should have, and was reported.
fn client_certificate(
    object: &Object,
    trigger: &Trigger,
    neighbours: &Neighbours<'_>,
    report: &mut Report<'_>,
) -> Result<Option<Arc<ClientCertificate>>, ()> {
    let Some(secret) = &trigger.settings.client_certificate else { return Ok(None) };
    let own = client_certificate::of_secret(&object.id.namespace, secret, neighbours);
    report.take(&annotations::field(CLIENT_CERTIFICATE), own).map(Some).ok_or(())
}

/// What the backend cannot do is refused, never left out in silence.
fn can_serve(trigger: &Trigger, broker: &BrokerInForce, report: &mut Report<'_>) -> bool {
    let backend = &broker.backend;
    let lacks_order = trigger.settings.order == Order::Key && !broker.capabilities.ordered_lanes;
    if lacks_order {
        report.error(
            annotations::field(ORDER),
            format!("backend `{backend}` keeps no order: remove the annotation, or choose another backend"),
        );
    }
    let lacks_replay = trigger.settings.start != StartAt::Now && !broker.capabilities.replay;
    if lacks_replay {
        report.error(
            annotations::field(START),
            format!("backend `{backend}` cannot read the past: start `now`, or choose another backend"),
        );
    }
    !lacks_order && !lacks_replay
}

fn route(
    object: &Object,
    trigger: &Trigger,
    broker: &BrokerInForce,
    findings: &TriggerFindings,
    own: Option<&Arc<ClientCertificate>>,
) -> Option<TriggerRoute> {
    let subscriber = findings.subscriber.as_ref().ok()?;
    if matches!(findings.dead_letter_sink, DeadLetterSink::Unresolved(_)) {
        return None;
    }
    let group = group_name(&object.id);
    let settings = &trigger.settings;
    let delivery = trigger.delivery.as_ref().map_or(&broker.policy, |delivery| &delivery.policy).clone();
    let spec = GroupSpec {
        incarnation: trigger.uid.clone().unwrap_or_else(|| group.to_string()),
        filter: trigger.filter.clone(),
        start: settings.start,
        order: settings.order,
        window: settings.max_in_flight,
        max_waiting: settings.max_waiting,
        paused: settings.paused,
        longest_wait: delivery.backoff.max.max(delivery.retry_after_max),
    };
    Some(TriggerRoute {
        group,
        namespace: object.id.namespace.as_str().into(),
        spec,
        sink: client_certificate::shown_to(subscriber, own),
        reply: Some(Sink::Target(ObjectKey::broker(&trigger.broker.namespace, &trigger.broker.name))),
        delivery,
        dead_letter_sink: findings
            .dead_letter_sink
            .resolved()
            .map(|resolved| client_certificate::shown_to(resolved, own)),
        handshake: settings.handshake,
    })
}
