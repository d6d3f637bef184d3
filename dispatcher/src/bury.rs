//! Dead letters: to the dead letter sink, else into the store. Only then is the event acked.

use crate::decide::{Decision, decide, random};
use crate::doomed::Doomed;
use crate::failure::{Class, Failure, Remedy};
use crate::outlet::Outlet;
use crate::reply;
use crate::request::Parcel;
use crate::trigger::Trigger;
use base64::Engine as _;
use broker_core::{
    AppendError, DeadLetter, DeadLetterError, DeadLetterStore, Delivery, GroupName, PublishError,
};
use bytes::Bytes;
use event::{Event, EventBuilder, Kind, Record, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// A store that cannot be written is not asked more often than this.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// What came of one try at the dead letter sink.
enum Tried {
    Taken,
    /// Not taken; another try is due after this wait.
    Later(Duration),
    /// Not taken, and that was the last try.
    Never,
}

/// Finds somebody who takes responsibility for an event that its sink will not take.
pub(crate) async fn bury(trigger: &Trigger, delivery: Delivery, mut doomed: Doomed) {
    if let Some(outlet) = &trigger.gear().dead_letter_sink
        && doomed.tries <= trigger.route.delivery.retries
    {
        doomed.tries = doomed.tries.saturating_add(1);
        let at = (delivery.lane, delivery.position);
        match send(trigger, outlet, &delivery, &doomed).await {
            Tried::Taken => return settle(trigger, delivery, &doomed.failure).await,
            Tried::Later(wait) if trigger.doomed().keep(at, doomed.clone()) => {
                return give_back(delivery, &doomed.failure, wait);
            }
            Tried::Later(_) | Tried::Never => {}
        }
    }
    store(trigger, delivery, doomed).await;
}

/// One try at the dead letter sink.
async fn send(trigger: &Trigger, outlet: &Outlet, delivery: &Delivery, doomed: &Doomed) -> Tried {
    let envelope = &delivery.record.envelope;
    let event = dead_letter_event(&delivery.record.event, &trigger.gear().sink.address(), &doomed.failure);
    let policy = &trigger.route.delivery;
    let parcel = Parcel {
        event: &event,
        trace: envelope.trace.as_ref(),
        hops: envelope.hops.saturating_sub(1),
        policy,
        ask: false,
    };
    let Err(failure) = outlet.send(parcel, &trigger.means).await else { return Tried::Taken };
    tracing::debug!(trigger = %trigger.route.group, reason = failure.reason, "the dead letter sink did not take an event");
    match decide(doomed.tries, false, policy, &failure, random()) {
        Decision::Again(wait) | Decision::Probe(wait) => Tried::Later(wait),
        Decision::GiveBack => Tried::Later(policy.backoff.wait(1)),
        Decision::Bury => Tried::Never,
    }
}

/// Keeps the event in the store; while that fails it waits and is never dropped.
async fn store(trigger: &Trigger, delivery: Delivery, mut doomed: Doomed) {
    let Err(error) = keep(trigger, &delivery, &doomed).await else {
        trigger.gear().meters.dead_letter.inc();
        return release(trigger, delivery, &doomed.failure).await;
    };
    tracing::warn!(trigger = %trigger.route.group, %error, "a dead letter could not be kept; its event waits");
    doomed.tries = u32::MAX;
    // Without room to remember it the sink is asked once more: a duplicate, not a loss.
    trigger.doomed().keep((delivery.lane, delivery.position), doomed.clone());
    give_back(delivery, &doomed.failure, STORE_PAUSE);
}

/// The dead letter sink has it.
async fn settle(trigger: &Trigger, delivery: Delivery, failure: &Failure) {
    trigger.gear().meters.dead_letter.inc();
    if trigger.resolve(&delivery).await {
        release(trigger, delivery, failure).await;
    } else {
        give_back(delivery, failure, STORE_PAUSE);
    }
}

/// A nack would say that the sink has answered.
fn give_back(delivery: Delivery, failure: &Failure, wait: Duration) {
    if failure.remedy == Remedy::Probe { delivery.unreachable(wait) } else { delivery.nack(wait) }
}

/// The event is somebody else's now.
async fn release(trigger: &Trigger, delivery: Delivery, failure: &Failure) {
    if failure.remedy == Remedy::Probe {
        return delivery.bury();
    }
    // The end of a flow like any other. If it cannot be written, a crash in the next moment asks the sink once more.
    let _ = reply::hand_on(trigger, &delivery, Vec::new()).await;
    delivery.ack();
}

/// The event with Knative's three extensions that say why.
fn dead_letter_event(event: &Event, destination: &str, failure: &Failure) -> Event {
    let code = failure.status.map_or(500, |status| status.as_u16());
    let text = match failure.status {
        Some(_) => failure.body.clone(),
        None => Bytes::from(format!("dispatch error: {}", failure.reason)),
    };
    let built = EventBuilder::from(event)
        .set("knativeerrordest", destination)
        .set_kind("knativeerrorcode", &code.to_string(), Kind::Integer)
        .set("knativeerrordata", &base64::engine::general_purpose::STANDARD.encode(&text))
        .build();
    // The three values are valid by their making, and so was the event.
    built.unwrap_or_else(|_| event.clone())
}

/// Puts the event into the store. A redriven one updates the entry that it comes from and adds to its attempts.
async fn keep(trigger: &Trigger, delivery: &Delivery, doomed: &Doomed) -> Result<(), DeadLetterError> {
    let store = store_of(trigger)?;
    let now = Timestamp::now();
    let mut letter = DeadLetter {
        id: trigger.entry_id(delivery.lane, delivery.position),
        group: trigger.route.group.clone(),
        record: delivery.record.clone(),
        reason: doomed.failure.reason.clone(),
        attempts: doomed.attempts,
        last_status: doomed.failure.status.map(|status| status.as_u16()),
        last_body: doomed.failure.body.clone(),
        first_time: now,
        last_time: now,
    };
    if let Some(id) = &delivery.record.envelope.redrive {
        letter.id.clone_from(id);
        let before = store.get(id).await?;
        letter.attempts = letter.attempts.saturating_add(before.map_or(0, |before| before.attempts));
    }
    store.put(letter).await
}

fn store_of(trigger: &Trigger) -> Result<Arc<DeadLetterStore>, DeadLetterError> {
    match trigger.channel() {
        Some(channel) => Ok(channel.dead_letters()),
        None => Err(AppendError::Unavailable("the channel is not open".to_owned()).into()),
    }
}

/// Keeps a reply that never can be stored where it belongs, for `group`; its cause is then acked.
///
/// # Errors
/// When it cannot be kept either: the attempt failed.
pub(crate) async fn keep_reply(
    trigger: &Trigger,
    delivery: &Delivery,
    group: &GroupName,
    (index, event): (usize, Event),
    why: &PublishError,
) -> Result<(), Failure> {
    // A next step may go on with the rounds that its flow has.
    let hops = if *group == trigger.route.group { 0 } else { delivery.record.envelope.hops };
    let mut envelope = event::Envelope::accepted(hops, Timestamp::now());
    envelope.trace = delivery.record.envelope.trace.clone();
    let now = Timestamp::now();
    let entry = DeadLetter {
        id: format!("{}-reply{index}", trigger.entry_id(delivery.lane, delivery.position)),
        group: group.clone(),
        record: Arc::new(Record { envelope, event }),
        reason: format!("a reply was not let in: {why}"),
        attempts: delivery.attempt,
        last_status: Some(200),
        last_body: Bytes::new(),
        first_time: now,
        last_time: now,
    };
    let kept = async { store_of(trigger)?.put(entry).await };
    kept.await.map_err(|error| {
        // What no backend takes is given up; the event that caused it becomes the dead letter.
        let too_large = matches!(error, DeadLetterError::Append(AppendError::TooLarge { .. }));
        let remedy = if too_large { Remedy::None } else { Remedy::Retry };
        Failure::new(remedy, Class::Success, format!("the reply could not be kept: {error}"))
    })
}
