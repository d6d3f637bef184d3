//! What Triggers and Subscriptions have in common: each is a group of its target's channel.

use super::neighbours::{DeadLetterSink, Neighbours, TargetInForce};
use super::sink;
use crate::annotations::{self, ORDER, START, TriggerSettings};
use crate::parse::Delivery;
use crate::report::Report;
use broker_core::{DeliveryPolicy, GroupName, GroupSpec, Order, StartAt};
use filter::Filter;

/// Why a target is not Ready: a reason and a message.
pub(crate) type NotReady = (&'static str, String);

/// Its own, else its target's. `field` names the target.
pub(super) fn dead_letter_sink(
    own: Option<&Delivery>,
    target: Option<&TargetInForce>,
    field: &str,
    neighbours: &Neighbours<'_>,
    report: &mut Report<'_>,
) -> DeadLetterSink {
    if let Some(wanted) = own.and_then(|delivery| delivery.dead_letter_sink.as_ref()) {
        return match sink::resolve(wanted, neighbours) {
            Ok(resolved) => DeadLetterSink::Resolved(resolved),
            Err(why) => {
                report.error("spec.delivery.deadLetterSink.ref", &why);
                DeadLetterSink::Unresolved(why)
            }
        };
    }
    let Some(target) = target else { return DeadLetterSink::None };
    if let DeadLetterSink::Unresolved(why) = &target.dead_letter_sink {
        let kind = if field == "spec.broker" { "Broker" } else { "channel" };
        report.error(field, format!("waits for the dead letter sink of its {kind}: {why}"));
    }
    target.dead_letter_sink.clone()
}

/// What the backend cannot do is refused, never left out in silence.
pub(super) fn can_serve(settings: &TriggerSettings, target: &TargetInForce, report: &mut Report<'_>) -> bool {
    let backend = &target.backend;
    let lacks_order = settings.order == Order::Key && !target.capabilities.ordered_lanes;
    if lacks_order {
        report.error(
            annotations::field(ORDER),
            format!("backend `{backend}` keeps no order: remove the annotation, or choose another backend"),
        );
    }
    let lacks_replay = settings.start != StartAt::Now && !target.capabilities.replay;
    if lacks_replay {
        report.error(
            annotations::field(START),
            format!("backend `{backend}` cannot read the past: start `now`, or choose another backend"),
        );
    }
    !lacks_order && !lacks_replay
}

/// The group that they ask for.
pub(super) fn spec(
    group: &GroupName,
    uid: Option<&str>,
    filter: Filter,
    settings: &TriggerSettings,
    delivery: &DeliveryPolicy,
) -> GroupSpec {
    GroupSpec {
        incarnation: uid.unwrap_or(group.as_str()).to_owned(),
        filter,
        start: settings.start,
        order: settings.order,
        window: settings.max_in_flight,
        max_waiting: settings.max_waiting,
        paused: settings.paused,
        longest_wait: delivery.backoff.max.max(delivery.retry_after_max),
    }
}
