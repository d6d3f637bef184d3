//! A Subscription, alone.

use super::{Delivery, Destination, Reference, delivery, destination};
use crate::annotations::{self, TriggerSettings};
use crate::api::{self, KReference, Metadata, SubscriptionSpec};
use crate::report::Report;
use crate::{Object, field_path};

/// What a Subscription says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Subscription {
    pub(crate) uid: Option<String>,
    pub(crate) channel: Reference,
    pub(crate) recipients: Recipients,
    pub(crate) delivery: Option<Delivery>,
    pub(crate) settings: TriggerSettings,
}

/// Who gets what.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Recipients {
    /// The events; its answers are dropped.
    Subscriber(Destination),
    /// The events, and who gets the answers.
    Both {
        /// Who gets the events.
        subscriber: Destination,
        /// Who gets the answers.
        reply: Destination,
    },
    /// Nobody is asked: the events go to `reply` as they are.
    Reply(Destination),
}

pub(super) fn parse(
    object: &Object,
    metadata: &Metadata,
    spec: &SubscriptionSpec,
    report: &mut Report<'_>,
) -> Option<Subscription> {
    let namespace = &object.id.namespace;
    let settings = annotations::of_trigger(&metadata.annotations, report);
    let channel = channel(spec.channel.as_ref(), namespace, report);
    let recipients = recipients(spec, namespace, report);
    let delivery =
        spec.delivery.as_ref().and_then(|spec| delivery::parse(spec, "spec.delivery", namespace, report));
    let uid = metadata.uid.clone();
    Some(Subscription { uid, channel: channel?, recipients: recipients?, delivery, settings })
}

fn channel(spec: Option<&KReference>, namespace: &str, report: &mut Report<'_>) -> Option<Reference> {
    const FIELD: &str = "spec.channel";
    let Some(spec) = spec.filter(|spec| **spec != KReference::default()) else {
        report.error("spec", "`channel` is missing: name the Channel whose events are wanted");
        return None;
    };
    let reference = destination::reference(spec, FIELD, namespace, report)?;
    if reference.id.namespace != namespace {
        report.error(
            field_path(FIELD, "namespace"),
            format!(
                "must be left out: a Subscription is in the namespace of its channel, here `{namespace}`"
            ),
        );
        return None;
    }
    let is_channel =
        reference.api_version.starts_with("messaging.knative.dev") && reference.id.kind.ends_with("Channel");
    if !is_channel {
        let found = reference.kind_text();
        report.error(
            FIELD,
            format!("is no channel but `{found}`: name a Channel of `messaging.knative.dev/v1`"),
        );
        return None;
    }
    Some(reference)
}

fn recipients(spec: &SubscriptionSpec, namespace: &str, report: &mut Report<'_>) -> Option<Recipients> {
    // Knative takes an empty destination for one that was left out.
    let said = |spec: &Option<api::Destination>| spec.clone().filter(|d| *d != api::Destination::default());
    let (subscriber, reply) = (said(&spec.subscriber), said(&spec.reply));
    if subscriber.is_none() && reply.is_none() {
        report.error("spec", "`subscriber` and `reply` are missing: say who gets the events");
        return None;
    }
    let mut parse = |spec: &api::Destination, field| destination::parse(spec, field, namespace, report);
    let subscriber = subscriber.map(|spec| parse(&spec, "spec.subscriber"));
    let reply = reply.map(|spec| parse(&spec, "spec.reply"));
    Some(match (subscriber, reply) {
        (Some(subscriber), Some(reply)) => Recipients::Both { subscriber: subscriber?, reply: reply? },
        (Some(subscriber), None) => Recipients::Subscriber(subscriber?),
        (None, reply) => Recipients::Reply(reply??),
    })
}
