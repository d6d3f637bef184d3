//! The story of one event: from its loan to its settlement.

use crate::answer::{self, Reply};
use crate::bury::bury;
use crate::client::Share;
use crate::decide::{Decision, decide, random};
use crate::doomed::Doomed;
use crate::failure::{Class, Failure, Remedy};
use crate::outlet::Outlet;
use crate::reply;
use crate::request::{Parcel, claims_event};
use crate::trigger::Trigger;
use broker_core::{Delivery, ReplyTo};
use event::{Event, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A redriven event whose entry could not be removed comes again no sooner.
const RESOLVE_PAUSE: Duration = Duration::from_secs(1);

/// Delivers one event. Dropped half way, the event goes back to its group.
pub(crate) async fn deliver(trigger: Arc<Trigger>, delivery: Delivery) {
    let meters = &trigger.gear().meters;
    let at = (delivery.lane, delivery.position);
    if !delivery.probe
        && let Some(doomed) = trigger.doomed().take(at)
    {
        return Box::pin(bury(&trigger, delivery, doomed)).await;
    }
    let handed = match attempt(&trigger, &delivery).await {
        Ok((answers, _share)) => {
            // Before the answers: with them a step may be done for good, and its dead letter would stay.
            if !trigger.resolve(&delivery).await {
                return delivery.nack(RESOLVE_PAUSE);
            }
            if answers.is_empty() && !trigger.route.step {
                Ok(())
            } else {
                Box::pin(reply::hand_on(&trigger, &delivery, answers)).await
            }
        }
        Err(failure) => Err(failure),
    };
    let Err(failure) = handed else {
        trigger.note_success();
        if delivery.probe {
            trigger.doomed().take(at);
        }
        meters.delivered.inc();
        return delivery.ack();
    };
    if failure.remedy != Remedy::Untried {
        trigger.note_failure(&delivery, &failure.reason);
    }
    if let Some(wait) = failure.throttled() {
        trigger.pace().hold(wait.min(trigger.route.delivery.retry_after_max));
    }
    match decide(delivery.attempt, delivery.probe, &trigger.route.delivery, &failure, random()) {
        Decision::GiveBack => {}
        Decision::Again(wait) => {
            meters.failed.inc();
            delivery.nack(wait);
        }
        Decision::Probe(wait) => {
            meters.failed.inc();
            delivery.unreachable(wait);
        }
        Decision::Bury => {
            let doomed = Doomed { failure, attempts: delivery.attempt, tries: 0 };
            Box::pin(bury(&trigger, delivery, doomed)).await;
        }
    }
}

/// One attempt: the sink took the event, and these are the events that it answered with, and their memory.
async fn attempt(trigger: &Trigger, delivery: &Delivery) -> Result<(Vec<Event>, Option<Share>), Failure> {
    let gear = trigger.gear();
    let envelope = &delivery.record.envelope;
    let parcel = Parcel {
        event: &delivery.record.event,
        trace: envelope.trace.as_ref(),
        hops: envelope.hops.saturating_sub(1),
        policy: &trigger.route.delivery,
        ask: trigger.route.reply.is_some(),
    };
    if let (Some(handshake), Outlet::Http(sink)) = (&gear.handshake, &gear.sink) {
        Box::pin(handshake.perform(sink, trigger.pace(), parcel.policy.timeout)).await?;
    }
    // Waits for other attempts, and for people, are no work of ours.
    if delivery.attempt == 1 && envelope.redrive.is_none() {
        gear.meters.process.observe(Timestamp::now().since(envelope.accepted_at).as_secs_f64());
    }
    let begin = Instant::now();
    let sent = gear.sink.send(parcel, &trigger.means).await;
    gear.meters.dispatch.observe(begin.elapsed().as_secs_f64());
    let answer = match sent {
        Ok(answer) => answer,
        Err(failure) => {
            gear.meters.attempt(failure.class);
            return Err(failure);
        }
    };
    gear.meters.attempt(Class::Success);
    let nothing = (Vec::new(), None);
    let Some(mut answer) = answer else { return Ok(nothing) };
    let replies = &trigger.means.metrics.replies;
    if matches!(trigger.route.reply, None | Some(ReplyTo::Nobody)) {
        if claims_event(&answer.headers) {
            replies.unwanted.inc();
        }
        return Ok(nothing);
    }
    match answer::reply(&mut answer) {
        Ok(Reply::Empty) => Ok(nothing),
        Ok(Reply::Ignored) => {
            replies.ignored.inc();
            Ok(nothing)
        }
        Ok(Reply::Events(events)) => Ok((events, answer.body.share.take())),
        Err(failure) => {
            replies.invalid.inc();
            Err(failure)
        }
    }
}
