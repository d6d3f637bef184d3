//! Handing a sink's answer on, before the event that caused it is acked.

use crate::bury;
use crate::failure::{Failure, Remedy};
use crate::outlet::Outlet;
use crate::request::Parcel;
use crate::trigger::Trigger;
use broker_core::{Arrival, Delivery, ObjectKey};
use event::Event;

/// Hands the events on to where the trigger's replies go. `Ok`: somebody else is responsible for each.
pub(crate) async fn hand_on(
    trigger: &Trigger,
    delivery: &Delivery,
    events: Vec<Event>,
) -> Result<(), Failure> {
    let replies = &trigger.means.metrics.replies;
    let handed = match &trigger.gear().reply {
        None => {
            replies.unwanted.inc();
            return Ok(());
        }
        Some(Outlet::Target(target)) => publish_or_keep(trigger, delivery, target, events).await,
        Some(outlet) => send_each(trigger, delivery, outlet, &events).await,
    };
    match &handed {
        Ok(()) => replies.accepted.inc(),
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
                bury::keep_reply(trigger, delivery, index, event, &error).await?;
                trigger.means.metrics.replies.refused.inc();
            }
            Err(error) => return Err(not_stored(error.into())),
        }
    }
    Ok(())
}

async fn send_each(
    trigger: &Trigger,
    delivery: &Delivery,
    outlet: &Outlet,
    events: &[Event],
) -> Result<(), Failure> {
    let envelope = &delivery.record.envelope;
    for event in events {
        let parcel = Parcel {
            event,
            trace: envelope.trace.as_ref(),
            hops: envelope.hops.saturating_sub(1),
            policy: &trigger.route.delivery,
            ask: false,
        };
        outlet.send(parcel, &trigger.means).await.map_err(not_stored)?;
    }
    Ok(())
}

/// The sink did its part: that nobody takes its answer says nothing about the sink being there.
fn not_stored(failure: Failure) -> Failure {
    let remedy = match failure.remedy {
        Remedy::Retry | Remedy::Probe | Remedy::Untried => Remedy::Retry,
        Remedy::None => Remedy::None,
    };
    Failure { remedy, reason: format!("the reply could not be handed on: {}", failure.reason), ..failure }
}
