//! What the sink answers.

use super::Args;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use event::http::{DecodeError, Decoded};
use event::{Event, EventBuilder, Mode, Timestamp};
use http::{HeaderMap, StatusCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Bytes of one request.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// One request as it is printed.
pub(super) struct Seen {
    pub(super) at: Timestamp,
    /// What is answered; nothing when it hangs.
    pub(super) status: Option<StatusCode>,
    /// What came, or why it is no event.
    pub(super) events: Result<Vec<Event>, String>,
}

/// How requests are answered.
pub(super) struct Behaviour {
    /// Requests that still fail; `None`: the status is for all.
    failures_left: Option<AtomicU64>,
    failure: StatusCode,
    success: StatusCode,
    delay: Duration,
    hang: bool,
    reply: Option<String>,
}

impl Behaviour {
    pub(super) fn new(args: &Args) -> Self {
        let counted = args.fail_first.is_some();
        Self {
            failures_left: args.fail_first.map(AtomicU64::new),
            failure: args.status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE),
            success: args.status.filter(|_| !counted).unwrap_or(StatusCode::OK),
            delay: args.delay.unwrap_or_default(),
            hang: args.hang,
            reply: args.reply.clone(),
        }
    }

    fn next_status(&self) -> StatusCode {
        let one_less = |left: u64| left.checked_sub(1);
        let fails = self
            .failures_left
            .as_ref()
            .is_some_and(|left| left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok());
        if fails { self.failure } else { self.success }
    }

    /// The answer's headers and body: an event where one was asked for, else nothing.
    fn answer(&self, status: StatusCode, events: &[Event]) -> Response {
        let (Some(ty), Some(first), true) = (&self.reply, events.first(), status.is_success()) else {
            return status.into_response();
        };
        let reply = EventBuilder::from(first)
            .set("type", ty)
            .set("source", "/sluice/sink")
            .set("id", &Uuid::now_v7().to_string())
            .build();
        match reply {
            Ok(reply) => {
                let mut headers = HeaderMap::new();
                let body = event::http::encode(&reply, Mode::Binary, &mut headers);
                (status, headers, body).into_response()
            }
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("--reply: {error}\n")).into_response(),
        }
    }
}

#[derive(Clone)]
struct Shared {
    behaviour: Arc<Behaviour>,
    seen: mpsc::Sender<Seen>,
}

/// Every method and path is answered the same way.
pub(super) fn router(behaviour: Behaviour, seen: mpsc::Sender<Seen>) -> Router {
    Router::new().fallback(take).with_state(Shared { behaviour: Arc::new(behaviour), seen })
}

async fn take(State(shared): State<Shared>, request: Request) -> Response {
    let behaviour = &shared.behaviour;
    let (parts, body) = request.into_parts();
    let events = read(&parts.headers, body).await;
    let status = if events.is_ok() { behaviour.next_status() } else { StatusCode::BAD_REQUEST };
    let answer = match &events {
        Ok(events) => behaviour.answer(status, events),
        Err(why) => (status, format!("{why}\n")).into_response(),
    };
    let shown = (!behaviour.hang).then_some(status);
    // Nobody prints any more: the sink is ending.
    let _ = shared.seen.send(Seen { at: Timestamp::now(), status: shown, events }).await;
    if behaviour.hang {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(behaviour.delay).await;
    answer
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<Event>, String> {
    let body = axum::body::to_bytes(body, MAX_BODY).await.map_err(|error| error.to_string())?;
    match event::http::decode(headers, body) {
        Ok(Decoded::One(event)) => Ok(vec![event]),
        Ok(Decoded::Batch(events)) => Ok(events),
        Err(DecodeError::Unsupported(why) | DecodeError::Invalid(why)) => Err(why),
    }
}
