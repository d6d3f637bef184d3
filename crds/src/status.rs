//! `status`, as Kubernetes would show it.

mod flow;
mod subscription;

pub(crate) use flow::{StageStatus, of_flow};
pub(crate) use subscription::{SubscriptionFindings, of_subscription, subscriber};

use crate::compile::{DeadLetterSink, NotReady, Resolved};
use crate::{Object, ObjectId};
use broker_core::{Readiness, State};
use serde_json::{Map, Value, json};

/// An object as declared, with the static half of its status.
#[derive(Clone, Debug)]
pub struct ObjectStatus {
    /// Who it is.
    pub id: ObjectId,
    /// The document as it was declared (the last good version if the newest is broken), without `status`.
    /// Of a Secret the keys, never a value.
    pub manifest: Value,
    /// `status` as Kubernetes would show it, as far as compile knows: `conditions`, `address`,
    /// `subscriberUri`, `deadLetterSinkUri`. [`status_with_live`] adds what only the running mesh knows.
    pub status: Value,
    /// False when the object is not in force.
    pub valid: bool,
}

impl ObjectStatus {
    pub(crate) fn new(object: &Object, status: Value, valid: bool) -> Self {
        let mut manifest = object.value.clone();
        if let Value::Object(fields) = &mut manifest {
            fields.remove("status");
            if object.id.kind == "Secret" {
                hide_values(fields);
            }
        }
        Self { id: object.id.clone(), manifest, status, valid }
    }
}

/// What `kubectl apply` leaves on an object: the whole of it, once more.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Leaves of a Secret what says which it is, and the names of the keys; a misspelled field may hold values, too.
fn hide_values(secret: &mut Map<String, Value>) {
    for (name, part) in secret.iter_mut() {
        match (name.as_str(), part) {
            ("apiVersion" | "kind" | "type" | "immutable", _) => {}
            ("metadata", metadata) => {
                if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
                    annotations.remove(LAST_APPLIED);
                }
            }
            (_, Value::Object(values)) => values.values_mut().for_each(|value| *value = json!("(hidden)")),
            (_, part) => *part = json!("(hidden)"),
        }
    }
}

/// What was found out about a Trigger's neighbours.
pub(crate) struct TriggerFindings {
    /// Why the Broker is not Ready: a reason and a message.
    pub(crate) broker: Result<(), NotReady>,
    pub(crate) subscriber: Result<Resolved, String>,
    pub(crate) dead_letter_sink: DeadLetterSink,
    pub(crate) dependency: Result<(), String>,
}

/// Conditions that only the running mesh knows, by kind.
fn live_conditions(kind: &str) -> &'static [&'static str] {
    match kind {
        "Broker" => &["FilterReady", "IngressReady", "TriggerChannelReady"],
        "Trigger" => &["SubscriptionReady"],
        "Channel" => &["BackingChannelReady"],
        "InMemoryChannel" => &["ChannelServiceReady", "DispatcherReady", "EndpointsReady", "ServiceReady"],
        "Subscription" => &["AddedToChannel"],
        "Sequence" | "Parallel" => &["ChannelsReady", "SubscriptionsReady"],
        _ => &[],
    }
}

/// Under which name the running mesh knows an object: in [`Readiness`], and for whoever counts for it. To the mesh an
/// InMemoryChannel is a Channel; there are never two of one name in force.
#[must_use]
pub fn live_name(id: &ObjectId) -> String {
    match id.kind.as_str() {
        "InMemoryChannel" => format!("Channel/{}/{}", id.namespace, id.name),
        _ => id.to_string(),
    }
}

/// The whole `status`: the static half with what `readiness` says in the conditions that only the running mesh knows,
/// and `Ready` computed anew.
#[must_use]
pub fn status_with_live(object: &ObjectStatus, readiness: &Readiness) -> Value {
    let mut status = object.status.clone();
    if !object.valid {
        return status;
    }
    subscription::set_subscribers(&mut status, &object.id.namespace, readiness);
    // Nothing: provisioning has not come to the object yet.
    let live = readiness.get(&live_name(&object.id));
    let Some(conditions) = status.get_mut("conditions").and_then(Value::as_array_mut) else { return status };
    for name in live_conditions(&object.id.kind) {
        let condition = match &live {
            None => unknown(name),
            Some(State::Ready) => ok(name),
            Some(State::NotReady { reason, message }) => not_ok(name, reason, message),
        };
        set(conditions, condition);
    }
    let ready = ready(conditions);
    set(conditions, ready.clone());
    flow::set_entries(&mut status, &ready);
    status
}

/// Of an object that is not in force because of what stands in it.
pub(crate) fn refused(object: &Object, message: &str) -> Value {
    finish(object, vec![not_ok("Ready", "Invalid", message)], Map::new())
}

pub(crate) fn of_sink(object: &Object, url: &str) -> Value {
    let mut fields = Map::new();
    fields.insert("address".to_owned(), json!({ "url": url }));
    finish(object, vec![ok("Addressable"), ok("DeploymentReady")], fields)
}

/// Of a Broker or channel.
pub(crate) fn of_target(object: &Object, url: &str, sink: &DeadLetterSink) -> Value {
    let mut fields = Map::new();
    fields.insert("address".to_owned(), json!({ "url": url }));
    add_uri(&mut fields, "deadLetterSink", sink.resolved());
    let mut conditions = vec![ok("Addressable"), dead_letter_condition(sink)];
    conditions.extend(live_conditions(&object.id.kind).iter().map(|name| unknown(name)));
    finish(object, conditions, fields)
}

pub(crate) fn of_trigger(object: &Object, findings: &TriggerFindings, in_force: bool) -> Value {
    let mut fields = Map::new();
    add_uri(&mut fields, "subscriber", findings.subscriber.as_ref().ok());
    add_uri(&mut fields, "deadLetterSink", findings.dead_letter_sink.resolved());
    let conditions = vec![
        match &findings.broker {
            Ok(()) => ok("BrokerReady"),
            Err((reason, message)) => not_ok("BrokerReady", reason, message),
        },
        dead_letter_condition(&findings.dead_letter_sink),
        condition_of("DependencyReady", "DependencyDoesNotExist", &findings.dependency),
        condition_of("SubscriberResolved", "SubscriberResolveFailed", &findings.subscriber),
        match in_force {
            true => unknown("SubscriptionReady"),
            false => {
                not_ok("SubscriptionReady", "NotInForce", "nothing is delivered until the rest is resolved")
            }
        },
    ];
    finish(object, conditions, fields)
}

/// Adds that an older version is in force. Severity `Warning`: `Ready` does not depend on it.
pub(crate) fn mark_last_good(status: &mut Value, message: &str) {
    if let Some(conditions) = status.get_mut("conditions").and_then(Value::as_array_mut) {
        let mut condition = not_ok("ManifestAccepted", "LastGoodVersionInForce", message);
        condition["severity"] = json!("Warning");
        set(conditions, condition);
    }
}

fn finish(object: &Object, conditions: Vec<Value>, mut status: Map<String, Value>) -> Value {
    let mut all = Vec::new();
    for condition in conditions {
        set(&mut all, condition);
    }
    if !all.iter().any(|condition| condition["type"] == "Ready") {
        let ready = ready(&all);
        set(&mut all, ready);
    }
    status.insert("conditions".to_owned(), Value::Array(all));
    if let Some(generation) = generation(object) {
        status.insert("observedGeneration".to_owned(), generation.clone());
    }
    Value::Object(status)
}

/// Version of `spec`, where an API server counts them.
fn generation(object: &Object) -> Option<&Value> {
    object.value.pointer("/metadata/generation").filter(|generation| generation.is_i64())
}

fn add_uri(fields: &mut Map<String, Value>, prefix: &str, resolved: Option<&Resolved>) {
    if let Some(resolved) = resolved {
        fields.insert(format!("{prefix}Uri"), json!(resolved.uri));
        if let Some(pem) = &resolved.ca_certs {
            fields.insert(format!("{prefix}CACerts"), json!(pem));
        }
    }
}

fn dead_letter_condition(sink: &DeadLetterSink) -> Value {
    match sink {
        DeadLetterSink::Resolved(_) => ok("DeadLetterSinkResolved"),
        DeadLetterSink::None => {
            json!({"type": "DeadLetterSinkResolved", "status": "True", "reason": "DeadLetterSinkNotConfigured"})
        }
        DeadLetterSink::Unresolved(why) => {
            not_ok("DeadLetterSinkResolved", "DeadLetterSinkResolveFailed", why)
        }
    }
}

fn condition_of<T>(name: &str, reason: &str, found: &Result<T, String>) -> Value {
    match found {
        Ok(_) => ok(name),
        Err(message) => not_ok(name, reason, message),
    }
}

fn ok(name: &str) -> Value {
    json!({"type": name, "status": "True"})
}

fn not_ok(name: &str, reason: &str, message: &str) -> Value {
    json!({"type": name, "status": "False", "reason": reason, "message": message})
}

fn unknown(name: &str) -> Value {
    json!({"type": name, "status": "Unknown", "reason": "Provisioning", "message": "the mesh has not come to it yet"})
}

/// Replaces the condition of the same type; sorted by type, as Knative sorts them.
fn set(conditions: &mut Vec<Value>, condition: Value) {
    conditions.retain(|other| other["type"] != condition["type"]);
    conditions.push(condition);
    conditions.sort_by(|a, b| a["type"].as_str().cmp(&b["type"].as_str()));
}

/// False if one is false, else Unknown if one is unknown, with the reason of that one.
fn ready(conditions: &[Value]) -> Value {
    let counts = |c: &&Value| c["type"] != "Ready" && c.get("severity").is_none();
    let first = |status: &str| conditions.iter().filter(counts).find(|c| c["status"] == status);
    let Some(worst) = first("False").or_else(|| first("Unknown")) else { return ok("Ready") };
    let mut ready = worst.clone();
    ready["type"] = json!("Ready");
    ready
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Origin;

    fn broker(valid: bool) -> ObjectStatus {
        let value = json!({"apiVersion": "eventing.knative.dev/v1", "kind": "Broker",
            "metadata": {"name": "shop", "generation": 4}, "status": {"old": true}});
        let object = Object::new(value, Origin::default()).unwrap();
        let status = of_target(&object, "http://x/default/shop", &DeadLetterSink::None);
        ObjectStatus::new(&object, status, valid)
    }

    fn condition<'a>(status: &'a Value, name: &str) -> &'a Value {
        let conditions = status["conditions"].as_array().unwrap();
        conditions.iter().find(|c| c["type"] == name).unwrap()
    }

    /// What the running mesh says about `Broker/default/shop`.
    fn live(state: Option<State>) -> Readiness {
        let readiness = Readiness::default();
        if let Some(state) = state {
            readiness.set("Broker/default/shop", state);
        }
        readiness
    }

    #[test]
    fn ready_follows_the_live_state() {
        let object = broker(true);
        let not = State::NotReady { reason: "LogFull".into(), message: "no space".into() };
        for (state, want, reason) in [
            (None, "Unknown", json!("Provisioning")),
            (Some(State::Ready), "True", Value::Null),
            (Some(not), "False", json!("LogFull")),
        ] {
            let status = status_with_live(&object, &live(state));
            let ready = condition(&status, "Ready");
            assert_eq!((&ready["status"], &ready["reason"]), (&json!(want), &reason));
            assert_eq!(condition(&status, "Addressable")["status"], "True");
        }
    }

    #[test]
    fn an_object_that_is_not_in_force_never_becomes_ready() {
        let mut object = broker(false);
        object.status = json!({"conditions": [not_ok("Ready", "Invalid", "why")]});
        assert_eq!(status_with_live(&object, &live(Some(State::Ready))), object.status);
    }

    #[test]
    fn a_channel_says_which_of_its_subscribers_are_ready() {
        let value = json!({"apiVersion": "messaging.knative.dev/v1", "kind": "InMemoryChannel",
            "metadata": {"name": "jobs"}});
        let object = Object::new(value, Origin::default()).unwrap();
        let mut status = of_target(&object, "http://x/channels/default/jobs", &DeadLetterSink::None);
        status["subscribers"] = ["new", "good", "bad"].iter().map(|name| json!({"name": name})).collect();
        let readiness = Readiness::default();
        readiness.set("Channel/default/jobs", State::Ready);
        readiness.set("Subscription/default/good", State::Ready);
        let not = State::NotReady { reason: "LogFull".into(), message: "no space".into() };
        readiness.set("Subscription/default/bad", not);
        let status = status_with_live(&ObjectStatus::new(&object, status, true), &readiness);
        assert_eq!(condition(&status, "Ready")["status"], "True");
        let want = json!([{"name": "new"}, {"name": "good", "ready": "True"},
            {"name": "bad", "ready": "False", "message": "no space"}]);
        assert_eq!(status["subscribers"], want);
    }

    #[test]
    fn a_warning_does_not_touch_ready() {
        let mut object = broker(true);
        mark_last_good(&mut object.status, "broken");
        let status = status_with_live(&object, &live(Some(State::Ready)));
        assert_eq!(condition(&status, "Ready")["status"], "True");
        assert_eq!(condition(&status, "ManifestAccepted")["severity"], "Warning");
    }

    #[test]
    fn the_values_of_a_secret_are_never_shown() {
        let shown = |data: Value| {
            let value = json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": data,
                "metadata": {"name": "s", "annotations": {"a": "b", LAST_APPLIED: "open sesame"}},
                "stringData": {"password": "open sesame"}, "stringdata": {"password": "open sesame"}});
            let object = Object::new(value, Origin::default()).unwrap();
            ObjectStatus::new(&object, json!({}), true).manifest
        };
        let manifest = shown(json!({"user": "YWxpY2U="}));
        assert_eq!(manifest["data"], json!({"user": "(hidden)"}));
        assert_eq!(manifest["stringData"], json!({"password": "(hidden)"}));
        assert_eq!(manifest["metadata"]["annotations"]["a"], "b");
        assert_eq!(manifest["type"], "Opaque");
        for data in [json!("open sesame"), json!(["open sesame"]), json!({"a": {"b": "open sesame"}})] {
            let manifest = shown(data).to_string();
            assert!(!manifest.contains("sesame"), "{manifest}");
        }
    }

    #[test]
    fn what_the_server_wrote_is_left_out_and_its_generation_observed() {
        let object = broker(true);
        assert!(object.manifest.get("status").is_none());
        assert_eq!(object.status["observedGeneration"], 4);
    }
}
