//! `/api/v1/objects` and `/api/v1/problems`: what was declared, and how it is.

use crate::ProblemDetails;
use crate::api::{Api, aside};
use crate::progress::{Progress, for_each_route};
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use crds::{ObjectStatus, Problem};
use event::Timestamp;
use http::header;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

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

    /// Live numbers by `Kind/NS/NAME`; of an object with several groups those of all together.
    fn progress(&self) -> HashMap<String, Progress> {
        let mut all: HashMap<String, Progress> = HashMap::new();
        for_each_route(&self.admin.routes, &self.admin.channels, |target| {
            let sum = target.route.key.object();
            for (group, numbers) in &target.triggers {
                let object = group.object();
                if object != sum {
                    let failure = self.admin.readiness.failing(group);
                    let of_object = all.entry(object).or_default();
                    *of_object = of_object.with(&Progress { failure, ..numbers.clone() });
                }
            }
            all.insert(sum, target.sum());
        });
        all
    }

    /// The declared object with the whole of its status.
    fn show(&self, object: &ObjectStatus, progress: &HashMap<String, Progress>) -> Value {
        let mut status = crds::status_with_live(object, &self.admin.readiness);
        if let Some(progress) = progress.get(&crds::live_name(&object.id)) {
            status["sluice"] = json!(progress);
        }
        let mut shown = object.manifest.clone();
        let metadata = &mut shown["metadata"];
        metadata["namespace"] = object.id.namespace.as_str().into();
        if let (true, Some(since)) =
            (metadata["creationTimestamp"].is_null(), self.first_seen.get(&object.id))
        {
            metadata["creationTimestamp"] = since.to_string().into();
        }
        shown["status"] = status;
        shown
    }
}
