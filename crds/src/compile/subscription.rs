//! Subscriptions among their neighbours.

use super::Compiled;
use super::client_certificate;
use super::group::{self, NotReady};
use super::neighbours::{DeadLetterSink, Neighbours, TargetInForce};
use super::sink::{self, Resolved};
use crate::kind::{self, Kind};
use crate::parse::{Destination, Parsed, Recipients, Reference, Subscription};
use crate::report::Report;
use crate::status::{self, ObjectStatus, SubscriptionFindings};
use crate::{Object, ObjectId};
use broker_core::{ClientCertificate, GroupName, ReplyTo, Sink, TriggerRoute};
use filter::Filter;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

const CHANNEL: &str = "spec.channel";

/// The groups that a Subscription may have in its channel: its own, and that of its reply.
pub(super) fn group_names(id: &ObjectId) -> [GroupName; 2] {
    let own = GroupName::subscription(&id.namespace, &id.name);
    let reply = own.reply();
    [own, reply]
}

/// Channels by name, each with its Subscriptions as its status shows them.
type Subscribers = BTreeMap<ObjectId, Vec<Value>>;

pub(super) fn compile_all(valid: &[(&Object, Parsed)], neighbours: &Neighbours<'_>, compiled: &mut Compiled) {
    let mut subscribers = Subscribers::new();
    for (object, parsed) in valid {
        if let Parsed::Subscription(subscription) = parsed {
            compile(object, subscription, neighbours, compiled, &mut subscribers);
        }
    }
    for channel in &mut compiled.objects {
        if let Some(subscribers) = subscribers.remove(&channel.id) {
            channel.status["subscribers"] = Value::Array(subscribers);
        }
    }
}

/// Puts one Subscription into the table if all that it needs is there; else it is held, and its status says why.
fn compile(
    object: &Object,
    subscription: &Subscription,
    neighbours: &Neighbours<'_>,
    compiled: &mut Compiled,
    subscribers: &mut Subscribers,
) {
    let mut report = Report::new(object);
    let channel = channel(&subscription.channel, neighbours);
    let findings = find(subscription, channel, neighbours, &mut report);
    let capable =
        channel.is_some_and(|channel| group::can_serve(&subscription.settings, channel, &mut report));
    let shown = client_certificate::of(object, &subscription.settings, neighbours, &mut report);
    let routes = shown
        .as_ref()
        .ok()
        .filter(|_| capable)
        .zip(channel)
        .and_then(|(shown, channel)| routes(object, subscription, channel, &findings, shown.as_ref()));
    let capable = capable && shown.is_ok();
    let problems = report.into_problems();
    match routes.zip(channel) {
        Some((routes, channel)) => {
            let status = status::of_subscription(object, &findings, true);
            compiled.objects.push(ObjectStatus::new(object, status, true));
            let entry = status::subscriber(object, &routes[0].spec.incarnation);
            subscribers.entry(subscription.channel.id.clone()).or_default().push(entry);
            for route in routes {
                compiled.add_group(&channel.key, route);
            }
        }
        None if channel.is_some() && !capable => compiled.refuse(object, &problems),
        None => {
            compiled.hold(object);
            let status = status::of_subscription(object, &findings, false);
            compiled.objects.push(ObjectStatus::new(object, status, false));
        }
    }
    compiled.problems.extend(problems);
}

fn is_channel(reference: &Reference) -> bool {
    let Reference { api_version, id } = reference;
    [Kind::Channel, Kind::InMemoryChannel].iter().any(|wanted| kind::is(api_version, &id.kind, *wanted))
}

fn channel<'a>(reference: &Reference, neighbours: &'a Neighbours<'_>) -> Option<&'a TargetInForce> {
    neighbours.in_force.get(&reference.id).filter(|_| is_channel(reference))
}

fn find(
    subscription: &Subscription,
    channel: Option<&TargetInForce>,
    neighbours: &Neighbours<'_>,
    report: &mut Report<'_>,
) -> SubscriptionFindings {
    let (subscriber, reply) = match &subscription.recipients {
        Recipients::Subscriber(subscriber) => (Some(subscriber), None),
        Recipients::Both { subscriber, reply } => (Some(subscriber), Some(reply)),
        Recipients::Reply(reply) => (None, Some(reply)),
    };
    let mut resolve = |wanted: Option<&Destination>, field: &str| {
        Some(sink::resolve(wanted?, neighbours).inspect_err(|why| report.error(field, why)))
    };
    let (subscriber, reply) = (resolve(subscriber, "spec.subscriber.ref"), resolve(reply, "spec.reply.ref"));
    let own = subscription.delivery.as_ref();
    SubscriptionFindings {
        channel: channel_ready(&subscription.channel, channel, neighbours, report),
        subscriber,
        reply,
        dead_letter_sink: group::dead_letter_sink(own, channel, CHANNEL, neighbours, report),
    }
}

/// A channel that takes events and is not Ready goes on delivering, but none of its Subscriptions is Ready.
fn channel_ready(
    reference: &Reference,
    channel: Option<&TargetInForce>,
    neighbours: &Neighbours<'_>,
    report: &mut Report<'_>,
) -> Result<(), NotReady> {
    let Some(channel) = channel else {
        let why = missing(reference, neighbours);
        report.error(CHANNEL, &why);
        return Err(("ChannelReferenceFailed", why));
    };
    match &channel.dead_letter_sink {
        DeadLetterSink::Unresolved(why) => Err(("ChannelNotReady", format!("its dead letter sink: {why}"))),
        DeadLetterSink::None | DeadLetterSink::Resolved(_) => Ok(()),
    }
}

fn missing(reference: &Reference, neighbours: &Neighbours<'_>) -> String {
    if is_channel(reference) {
        return sink::missing_target(&reference.id, neighbours);
    }
    let ObjectId { kind, namespace, name } = &reference.id;
    format!(
        "there is no {kind} `{namespace}/{name}`, this version has Channels and InMemoryChannels: refer to a Channel, its `channelTemplate` may be of kind {kind}"
    )
}

/// Its own group, and one for answers that leave the mesh: they are kept, tried again and buried without asking the
/// subscriber twice.
fn routes(
    object: &Object,
    subscription: &Subscription,
    channel: &TargetInForce,
    findings: &SubscriptionFindings,
    shown: Option<&Arc<ClientCertificate>>,
) -> Option<Vec<TriggerRoute>> {
    if matches!(findings.dead_letter_sink, DeadLetterSink::Unresolved(_)) {
        return None;
    }
    let subscriber = findings.subscriber.as_ref().map(|found| found.as_ref().ok());
    let reply = findings.reply.as_ref().map(|found| found.as_ref().ok());
    let [own, of_reply] = group_names(&object.id);
    let make = |group: GroupName, filter, to: &Resolved, reply| {
        let delivery =
            subscription.delivery.as_ref().map_or(&channel.policy, |delivery| &delivery.policy).clone();
        let uid = subscription.uid.as_deref();
        TriggerRoute {
            spec: group::spec(&group, uid, filter, &subscription.settings, &delivery),
            group,
            namespace: object.id.namespace.as_str().into(),
            sink: client_certificate::shown_to(to, shown),
            reply,
            step: false,
            delivery,
            dead_letter_sink: findings
                .dead_letter_sink
                .resolved()
                .map(|resolved| client_certificate::shown_to(resolved, shown)),
            handshake: subscription.settings.handshake,
        }
    };
    let everything = Filter::everything();
    Some(match (subscriber, reply) {
        (Some(subscriber), None) => vec![make(own, everything, subscriber?, Some(ReplyTo::Nobody))],
        (None, reply) => vec![make(own, everything, reply??, None)],
        (Some(subscriber), Some(reply)) => {
            let answers = match &reply?.sink {
                Sink::Target(key) => ReplyTo::Target(key.clone()),
                Sink::Http(_) | Sink::Print(_) => ReplyTo::Group(of_reply.clone()),
            };
            // It takes nothing but what is addressed to it. It is there for a target, too: answers may wait in it
            // that were meant for the URL that stood here before.
            let nothing = Filter::Any(Vec::new());
            vec![make(own, everything, subscriber?, Some(answers)), make(of_reply, nothing, reply?, None)]
        }
    })
}
