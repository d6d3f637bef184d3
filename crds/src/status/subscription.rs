//! The status of a Subscription, and what its channel shows of it.

use super::{add_uri, finish, generation, not_ok, ok, unknown};
use crate::Object;
use crate::compile::{DeadLetterSink, NotReady, Resolved};
use broker_core::{Readiness, State};
use serde_json::{Map, Value, json};

/// What was found out about a Subscription's neighbours.
pub(crate) struct SubscriptionFindings {
    /// Why the channel is not Ready.
    pub(crate) channel: Result<(), NotReady>,
    /// `None`: none is wanted.
    pub(crate) subscriber: Option<Result<Resolved, String>>,
    /// `None`: none is wanted.
    pub(crate) reply: Option<Result<Resolved, String>>,
    pub(crate) dead_letter_sink: DeadLetterSink,
}

/// A Subscription as its channel's `status.subscribers` shows it.
pub(crate) fn subscriber(object: &Object, incarnation: &str) -> Value {
    let mut entry = json!({"uid": incarnation, "name": object.id.name, "ready": "Unknown"});
    if let Some(generation) = generation(object) {
        entry["observedGeneration"] = generation.clone();
    }
    entry
}

pub(crate) fn of_subscription(object: &Object, findings: &SubscriptionFindings, in_force: bool) -> Value {
    let mut physical = Map::new();
    let resolved = |found: &Option<Result<Resolved, String>>| found.clone().and_then(Result::ok);
    add_uri(&mut physical, "subscriber", resolved(&findings.subscriber).as_ref());
    add_uri(&mut physical, "reply", resolved(&findings.reply).as_ref());
    add_uri(&mut physical, "deadLetterSink", findings.dead_letter_sink.resolved());
    let conditions = vec![
        match &findings.channel {
            Ok(()) => ok("ChannelReady"),
            Err((reason, message)) => not_ok("ChannelReady", reason, message),
        },
        references_resolved(findings),
        match in_force {
            true => unknown("AddedToChannel"),
            // Not False: `Ready` gives the reason of the condition that is.
            false => json!({"type": "AddedToChannel", "status": "Unknown", "reason": "NotInForce",
                "message": "nothing is delivered until the rest is resolved"}),
        },
    ];
    let fields = [("physicalSubscription".to_owned(), Value::Object(physical))];
    finish(object, conditions, fields.into_iter().collect())
}

fn references_resolved(findings: &SubscriptionFindings) -> Value {
    let failed = |found: &Option<Result<Resolved, String>>| found.clone().and_then(Result::err);
    let dead_letters = match &findings.dead_letter_sink {
        DeadLetterSink::Unresolved(why) => Some(why.clone()),
        DeadLetterSink::None | DeadLetterSink::Resolved(_) => None,
    };
    let why = [
        ("SubscriberResolveFailed", failed(&findings.subscriber)),
        ("ReplyResolveFailed", failed(&findings.reply)),
        ("DeadLetterSinkResolveFailed", dead_letters),
    ];
    match why.into_iter().find_map(|(reason, message)| Some((reason, message?))) {
        None => ok("ReferencesResolved"),
        Some((reason, message)) => not_ok("ReferencesResolved", reason, &message),
    }
}

/// Says of each subscriber of a channel whether it is ready.
pub(super) fn set_subscribers(status: &mut Value, namespace: &str, readiness: &Readiness) {
    let subscribers = status.get_mut("subscribers").and_then(Value::as_array_mut);
    for subscriber in subscribers.into_iter().flatten() {
        let name = subscriber["name"].as_str().unwrap_or_default();
        match readiness.get(&format!("Subscription/{namespace}/{name}")) {
            None => {}
            Some(State::Ready) => subscriber["ready"] = json!("True"),
            Some(State::NotReady { message, .. }) => {
                subscriber["ready"] = json!("False");
                subscriber["message"] = json!(message);
            }
        }
    }
}
