//! `/api/v1/objects` and `/api/v1/problems`: what was declared, and how it is.

use crate::ProblemDetails;
use crate::api::{Api, aside};
use crate::progress::{Progress, for_each_route};
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use broker_core::{State as LiveState, TargetKind};
use crds::{ObjectStatus, Problem};
use event::Timestamp;
use http::header;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// Kinds that provisioning works on: without its word they are not ready.
const PROVISIONED: [&str; 2] = ["Broker", "Trigger"];

pub(crate) async fn list(State(api): State<Arc<Api>>) -> Result<impl IntoResponse, ProblemDetails> {
    let json = aside(move || api.list().to_string()).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], json))
}

pub(crate) async fn problems(State(api): State<Arc<Api>>) -> Json<Vec<Problem>> {
    Json(api.admin.compiled.borrow().problems.clone())
}

impl Api {
    fn list(&self) -> Value {
        let compiled = self.admin.compiled.borrow().clone();
        self.first_seen.update(&compiled, Timestamp::now());
        let progress = self.progress();
        let items: Vec<Value> = compiled.objects.iter().map(|object| self.show(object, &progress)).collect();
        json!({ "apiVersion": "v1", "kind": "List", "items": items })
    }

    /// Live numbers by `Kind/NS/NAME`.
    fn progress(&self) -> HashMap<String, Progress> {
        let mut all = HashMap::new();
        for_each_route(&self.admin.routes, &self.admin.channels, |broker| {
            let key = &broker.route.key;
            if key.kind == TargetKind::Broker {
                all.insert(format!("Broker/{key}"), broker.sum());
                all.extend(
                    broker.triggers.iter().map(|(group, numbers)| (format!("Trigger/{group}"), *numbers)),
                );
            }
        });
        all
    }

    /// The declared object with the whole of its status.
    fn show(&self, object: &ObjectStatus, progress: &HashMap<String, Progress>) -> Value {
        let key = object.id.to_string();
        let mut status = match &object.status {
            Value::Object(status) => status.clone(),
            _ => Map::new(),
        };
        if object.valid && PROVISIONED.contains(&object.id.kind.as_str()) {
            set_ready(&mut status, self.admin.readiness.get(&key));
        }
        if let Some(progress) = progress.get(&key) {
            status.insert("sluice".to_owned(), json!(progress));
        }
        let mut shown = object.manifest.clone();
        hide_secrets(&mut shown, &object.id.kind);
        if let (Value::Object(metadata), Some(since)) =
            (&mut shown["metadata"], self.first_seen.get(&object.id))
        {
            metadata.insert("namespace".to_owned(), object.id.namespace.as_str().into());
            metadata.entry("creationTimestamp").or_insert_with(|| since.to_string().into());
        }
        shown["status"] = Value::Object(status);
        shown
    }
}

/// Puts the live state into the condition `Ready`, unless compile has found a reason of its own why it is not.
fn set_ready(status: &mut Map<String, Value>, live: Option<LiveState>) {
    let conditions = status.entry("conditions").or_insert_with(|| json!([]));
    let Value::Array(conditions) = conditions else { return };
    let old = conditions.iter().position(|condition| condition["type"] == "Ready");
    if old.is_some_and(|at| conditions[at]["status"] == "False") {
        return;
    }
    let ready = match live {
        Some(LiveState::Ready) => json!({ "type": "Ready", "status": "True" }),
        Some(LiveState::NotReady { reason, message }) => {
            json!({ "type": "Ready", "status": "False", "reason": reason, "message": message })
        }
        None => json!({
            "type": "Ready",
            "status": "Unknown",
            "reason": "Provisioning",
            "message": "its channel is being opened",
        }),
    };
    match old {
        Some(at) => conditions[at] = ready,
        None => conditions.push(ready),
    }
}

/// A Secret's keys are shown, its values are not.
fn hide_secrets(shown: &mut Value, kind: &str) {
    if kind != "Secret" {
        return;
    }
    for field in ["data", "stringData"] {
        if let Some(Value::Object(values)) = shown.get_mut(field) {
            values.values_mut().for_each(|value| *value = "(hidden)".into());
        }
    }
}
