//! The status of a Sequence or Parallel. Knative shows the channels and Subscriptions that it made for one; here there
//! are none, so each entry refers to the flow itself.

use super::{finish, live_conditions, not_ok, ok, unknown};
use crate::Object;
use crate::compile::{DeadLetterSink, Resolved, Role};
use serde_json::{Map, Value, json};

/// The fields that hold entries.
const ENTRIES: [&str; 4] =
    ["channelStatuses", "subscriptionStatuses", "ingressChannelStatus", "branchStatuses"];

/// One stage of a flow, as far as it leads anywhere.
pub(crate) struct StageStatus {
    pub(crate) role: Role,
    pub(crate) sink: Result<Resolved, String>,
    pub(crate) dead_letter_sink: DeadLetterSink,
}

impl StageStatus {
    /// Why it leads nowhere.
    fn problem(&self) -> Option<&str> {
        match (&self.sink, &self.dead_letter_sink) {
            (Err(why), _) | (Ok(_), DeadLetterSink::Unresolved(why)) => Some(why),
            (Ok(_), DeadLetterSink::None | DeadLetterSink::Resolved(_)) => None,
        }
    }
}

/// Of a flow with these stages; `url` when it is in force.
pub(crate) fn of_flow(object: &Object, stages: &[StageStatus], url: Option<&str>) -> Value {
    let mut fields = match object.id.kind.as_str() {
        "Sequence" => of_steps(object, stages),
        _ => of_branches(object, stages),
    };
    let conditions = match url {
        Some(url) => {
            fields.insert("address".to_owned(), json!({ "url": url }));
            let live = live_conditions(&object.id.kind).iter().map(|name| unknown(name));
            live.chain([ok("Addressable")]).collect()
        }
        None => {
            // Not False: `Ready` gives the reason of the condition that is.
            let waits = |name| {
                json!({"type": name, "status": "Unknown", "reason": "NotInForce",
                    "message": "no event is taken until the rest is resolved"})
            };
            let why = stages.iter().find_map(StageStatus::problem).unwrap_or_default();
            let failed = not_ok("SubscriptionsReady", "SubscriptionsNotReady", why);
            vec![waits("Addressable"), waits("ChannelsReady"), failed]
        }
    };
    finish(object, conditions, fields)
}

/// Says of every entry that leads somewhere what the running mesh says of the flow.
pub(super) fn set_entries(status: &mut Value, live: &Value) {
    for name in ENTRIES {
        if let Some(entries) = status.get_mut(name) {
            set_ready(entries, live);
        }
    }
}

fn set_ready(value: &mut Value, live: &Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| set_ready(item, live)),
        Value::Object(fields) => match fields.get_mut("ready") {
            Some(ready) if ready["status"] == "Unknown" => *ready = live.clone(),
            Some(_) => {}
            None => fields.values_mut().for_each(|field| set_ready(field, live)),
        },
        _ => {}
    }
}

fn of_steps(object: &Object, stages: &[StageStatus]) -> Map<String, Value> {
    let (mut channels, mut subscriptions) = (Vec::new(), Vec::new());
    for stage in stages {
        match stage.role {
            Role::Reply => blame(subscriptions.last_mut(), stage),
            Role::Step | Role::Filter | Role::Subscriber => {
                channels.push(entry(object, "channel", None));
                subscriptions.push(entry(object, "subscription", stage.problem()));
            }
        }
    }
    let fields = [("channelStatuses", channels), ("subscriptionStatuses", subscriptions)];
    fields.into_iter().map(|(name, entries)| (name.to_owned(), Value::Array(entries))).collect()
}

fn of_branches(object: &Object, stages: &[StageStatus]) -> Map<String, Value> {
    let mut branches: Vec<Value> = Vec::new();
    let mut filter = Map::new();
    for stage in stages {
        match stage.role {
            Role::Reply => {
                blame(branches.last_mut().map(|branch| &mut branch["subscriberSubscriptionStatus"]), stage);
            }
            Role::Filter => {
                filter.insert("filterSubscriptionStatus".to_owned(), of_subscription(object, stage));
                filter.insert("filterChannelStatus".to_owned(), entry(object, "channel", None));
            }
            Role::Step | Role::Subscriber => {
                let mut branch = std::mem::take(&mut filter);
                branch.insert("subscriberSubscriptionStatus".to_owned(), of_subscription(object, stage));
                branches.push(Value::Object(branch));
            }
        }
    }
    let ingress = entry(object, "channel", None);
    let fields = [("ingressChannelStatus", ingress), ("branchStatuses", Value::Array(branches))];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn of_subscription(object: &Object, stage: &StageStatus) -> Value {
    entry(object, "subscription", stage.problem())
}

/// A reply is part of the Subscription that it belongs to.
fn blame(entry: Option<&mut Value>, reply: &StageStatus) {
    if let (Some(entry), Some(why)) = (entry, reply.problem()) {
        entry["ready"] = not_ok("Ready", "ReplyResolveFailed", why);
    }
}

fn entry(object: &Object, what: &str, problem: Option<&str>) -> Value {
    let id = &object.id;
    let reference = json!({"apiVersion": object.api_version, "kind": id.kind, "namespace": id.namespace,
        "name": id.name});
    let ready = match problem {
        None => unknown("Ready"),
        Some(why) => not_ok("Ready", "SubscriberResolveFailed", why),
    };
    json!({ what: reference, "ready": ready })
}
