//! What the admin room is given, and which address is answered by whom.

use crate::access::{Access, guard};
use crate::first_seen::FirstSeen;
use crate::{ProblemDetails, dead_letters, explain, health, metrics, objects, server, tail};
use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get, post};
use broker_core::{Channels, Health, Publisher, Readiness, Routes};
use bytes::Bytes;
use crds::Compiled;
use event::Timestamp;
use http::{StatusCode, header};
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Everything that the admin room looks at; the wiring fills it in.
#[derive(Clone)]
pub struct Admin {
    /// Where lag and dead letters are.
    pub channels: Channels,
    /// What is in force.
    pub routes: Routes,
    /// The door, for `/tail`.
    pub publisher: Publisher,
    /// The live half of the objects' status.
    pub readiness: Arc<Readiness>,
    /// What was declared last, with its problems.
    pub compiled: watch::Receiver<Arc<Compiled>>,
    /// How many tables have been in force ([`broker_core::Provisioner::published`]); red until the first.
    pub published: watch::Receiver<u64>,
    /// Cancelled when the end was announced: red from then on.
    pub draining: CancellationToken,
    /// The health of each backend, by its name.
    pub backends: BTreeMap<String, watch::Receiver<Health>>,
    /// What `/metrics` shows.
    pub registry: Arc<Registry>,
    /// Content of `--admin-token-file`; with a token every API request needs it.
    pub token: Option<String>,
}

/// What handlers share.
pub(crate) struct Api {
    pub(crate) admin: Admin,
    pub(crate) first_seen: FirstSeen,
    /// Ends streams; connections are ended by the server.
    pub(crate) stop: CancellationToken,
}

/// Bytes of a request body; only an event to explain has one.
const MAX_BODY: usize = 16 * 1024 * 1024;
/// A body must be here within this time.
const BODY_TIME: Duration = Duration::from_secs(30);

impl Admin {
    /// Serves until `stop`, then finishes what is open; returns within some seconds after it.
    ///
    /// # Errors
    /// When the listener does not know its own address.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) -> std::io::Result<()> {
        let address = listener.local_addr()?;
        let api = Arc::new(Api { admin: self, first_seen: FirstSeen::default(), stop: stop.clone() });
        let watching = note_new_objects(api.clone());
        tokio::select! {
            () = server::serve(listener, router(api, address), stop) => {}
            () = watching => {}
        }
        Ok(())
    }
}

/// Keeps the objects' ages; never ends before the server does.
async fn note_new_objects(api: Arc<Api>) {
    let mut compiled = api.admin.compiled.clone();
    loop {
        let objects = compiled.borrow_and_update().clone();
        api.first_seen.update(&objects, Timestamp::now());
        if compiled.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}

/// Every address below `/api/v1`; `openapi.json` describes exactly these.
pub(crate) fn api_routes() -> Vec<(&'static str, MethodRouter<Arc<Api>>)> {
    vec![
        ("/objects", get(objects::list)),
        ("/problems", get(objects::problems)),
        ("/dead-letters", get(dead_letters::list).delete(dead_letters::purge)),
        ("/dead-letters/redrive", post(dead_letters::redrive)),
        ("/dead-letters/{id}", get(dead_letters::show).delete(dead_letters::purge_one)),
        ("/dead-letters/{id}/redrive", post(dead_letters::redrive_one)),
        ("/tail", get(tail::stream)),
        ("/explain", post(explain::post)),
        ("/openapi.json", get(describe)),
    ]
}

/// All addresses; the API behind the access rule that follows from `listens_on`.
pub(crate) fn router(api: Arc<Api>, listens_on: SocketAddr) -> Router {
    let access = Access::new(listens_on, api.admin.token.as_deref());
    let guarded = api_routes()
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| router.route(path, methods))
        .fallback(no_such_path)
        .layer(from_fn_with_state(access, guard));
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(metrics::scrape))
        .nest("/api/v1", guarded)
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .with_state(api)
}

async fn no_such_path() -> ProblemDetails {
    ProblemDetails::not_found("there is no such address; `/api/v1/openapi.json` lists them")
}

async fn no_such_method() -> ProblemDetails {
    ProblemDetails::new(StatusCode::METHOD_NOT_ALLOWED, "this address does not take that method; see `Allow`")
}

async fn describe() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], include_str!("openapi.json"))
}

/// Runs work that grows with the number of objects beside the tasks that take and deliver events.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ProblemDetails> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        ProblemDetails::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("the answer could not be made: {error}"),
        )
    })
}

/// A request's whole body, bounded in size and time.
pub(crate) async fn read_body(body: Body) -> Result<Bytes, ProblemDetails> {
    match tokio::time::timeout(BODY_TIME, axum::body::to_bytes(body, MAX_BODY)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(ProblemDetails::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body broke off or has more than {MAX_BODY} bytes"),
        )),
        Err(_) => Err(ProblemDetails::new(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
    }
}
