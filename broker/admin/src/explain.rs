//! `/api/v1/explain`: which triggers take an event, and which part of the filter decided.

use crate::ProblemDetails;
use crate::api::{Api, read_body};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use broker_core::{RoutingTable, TriggerRoute};
use event::Event;
use event::http::Decoded;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What one trigger says to an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// `NS/NAME` of a Trigger, `subscriptions/NS/NAME` of a Subscription.
    pub trigger: String,
    /// Whether the event passes its filter.
    pub matches: bool,
    /// The part of the filter that decided.
    pub reason: String,
}

/// Asks each trigger of one target (`NS/NAME` of a Broker, `channels/NS/NAME` of a Channel), or of all; `None` when
/// there is no such target.
#[must_use]
pub fn explain(table: &RoutingTable, broker: Option<&str>, event: &Event) -> Option<Vec<Explanation>> {
    let mut routes = table
        .routes
        .values()
        .filter(|route| broker.is_none_or(|wanted| route.key.to_string() == wanted))
        .peekable();
    if broker.is_some() && routes.peek().is_none() {
        return None;
    }
    let groups = routes.flat_map(|route| &route.triggers).filter(|trigger| !trigger.is_only_addressed());
    Some(groups.map(|trigger| ask(trigger, event)).collect())
}

fn ask(trigger: &TriggerRoute, event: &Event) -> Explanation {
    let explained = trigger.spec.filter.explain(event);
    let mut reason = explained.to_string();
    if explained.matches && trigger.spec.paused {
        reason.push_str("; nothing is delivered while the trigger is paused (`sluice.dev/paused`)");
    }
    Explanation { trigger: trigger.group.to_string(), matches: explained.matches, reason }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    broker: Option<String>,
}

pub(crate) async fn post(
    State(api): State<Arc<Api>>,
    parameters: Result<Query<Parameters>, QueryRejection>,
    request: Request,
) -> Result<Json<Vec<Explanation>>, ProblemDetails> {
    let Query(parameters) = parameters?;
    let (parts, body) = request.into_parts();
    let event = match event::http::decode(&parts.headers, read_body(body).await?) {
        Ok(Decoded::One(event)) => event,
        Ok(Decoded::Batch(_)) => return Err(ProblemDetails::bad_request("send one event, not a batch")),
        Err(e) => return Err(ProblemDetails::bad_request(e.to_string())),
    };
    let broker = parameters.broker.as_deref();
    explain(&api.admin.routes.snapshot(), broker, &event).map(Json).ok_or_else(|| {
        ProblemDetails::not_found(format!(
            "there is no Broker or Channel `{}`; `sluice get -A` lists all",
            broker.unwrap_or_default()
        ))
    })
}
