//! Handing a sink's answer on, before the event that caused it is acked.

use crate::bury;
use crate::failure::{Failure, Remedy};
use crate::trigger::Trigger;
use broker_core::{Arrival, Delivery, GroupName, ObjectKey, ReplyTo};
use event::Event;

/// Hands the events on to where the trigger's replies go. `Ok`: somebody else is responsible for each, and a step
/// of a flow is done for good.
pub(crate) async fn hand_on(
    trigger: &Trigger,
    delivery: &Delivery,
    events: Vec<Event>,
) -> Result<(), Failure> {
    let answered = !events.is_empty();
    let handed = match &trigger.route.reply {
        Some(ReplyTo::Target(target)) if answered => publish_or_keep(trigger, delivery, target, events).await,
        Some(ReplyTo::Group(next)) if answered => conclude(trigger, delivery, Some(next), events).await,
        _ if trigger.route.step => conclude(trigger, delivery, None, Vec::new()).await,
        _ => Ok(()),
    };
    let replies = &trigger.means.metrics.replies;
    match &handed {
        Ok(()) if answered => replies.accepted.inc(),
        Ok(()) => 0,
        Err(_) => replies.failed.inc(),
    };
    handed
}

/// All in one append; if one of them never can be stored, one by one.
async fn publish_or_keep(
    trigger: &Trigger,
    delivery: &Delivery,
    target: &ObjectKey,
    events: Vec<Event>,
) -> Result<(), Failure> {
    let envelope = &delivery.record.envelope;
    let publish = |events| {
        let arrival = Arrival { hops: Some(envelope.hops.saturating_sub(1)), trace: envelope.trace.clone() };
        trigger.means.publisher.publish(target, events, arrival)
    };
    match publish(events.clone()).await {
        Ok(()) => return Ok(()),
        Err(error) if !error.is_final() => return Err(not_stored(error.into())),
        Err(_) => {}
    }
    for (index, event) in events.into_iter().enumerate() {
        match publish(vec![event.clone()]).await {
            Ok(()) => {}
            Err(error) if error.is_final() => {
                bury::keep_reply(trigger, delivery, &trigger.route.group, (index, event), &error).await?;
                trigger.means.metrics.replies.refused.inc();
            }
            Err(error) => return Err(not_stored(error.into())),
        }
    }
    Ok(())
}

/// The answers and the end of the delivery become durable together. An answer that never can be stored is kept as a
/// dead letter of the group that it was for: sent again it goes on there.
async fn conclude(
    trigger: &Trigger,
    delivery: &Delivery,
    next: Option<&GroupName>,
    events: Vec<Event>,
) -> Result<(), Failure> {
    let publisher = &trigger.means.publisher;
    let mut going = Vec::with_capacity(events.len());
    for (index, event) in events.into_iter().enumerate() {
        match (publisher.admits(&event, delivery.record.envelope.hops), next) {
            (Err(error), Some(next)) => {
                bury::keep_reply(trigger, delivery, next, (index, event), &error).await?;
                trigger.means.metrics.replies.refused.inc();
            }
            _ => going.push(event),
        }
    }
    let group = &trigger.route.group;
    let handed = publisher.hand_on(&trigger.id, group, delivery, next, going).await;
    handed.map_err(|error| not_stored(error.into()))
}

/// The sink did its part: that nobody takes its answer says nothing about the sink being there.
fn not_stored(failure: Failure) -> Failure {
    let remedy = match failure.remedy {
        Remedy::Retry | Remedy::Probe | Remedy::Untried => Remedy::Retry,
        Remedy::None => Remedy::None,
    };
    Failure { remedy, reason: format!("the reply could not be handed on: {}", failure.reason), ..failure }
}
