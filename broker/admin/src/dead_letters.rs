//! `/api/v1/dead-letters`: list, show, redrive, purge, over all channels of this process.

mod replies;
mod view;

use crate::api::Api;
use crate::{ProblemDetails, Selector};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use broker_core::{DeadLetter, DeadLetterError, DeadLetterQuery, DeadLetterStore};
use http::{StatusCode, header};
use std::sync::Arc;
use view::stream_array;

pub(crate) use view::event_json;
pub use view::{DeadLetterView, Touched};

/// Dead letters of one listing, unless `limit` says otherwise.
const LIST_LIMIT: usize = 1000;
/// They are in memory while they are sent.
const MOST_LISTED: usize = 10_000;

type Pairs = Result<Query<Vec<(String, String)>>, QueryRejection>;

pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    pairs: Pairs,
) -> Result<impl IntoResponse, ProblemDetails> {
    let query = selector(pairs)?.query(LIST_LIMIT);
    if query.limit > MOST_LISTED {
        return Err(ProblemDetails::bad_request(format!(
            "`limit`: at most {MOST_LISTED} are listed at a time"
        )));
    }
    let letters = api.find(&query).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], stream_array(letters)))
}

pub(crate) async fn show(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
) -> Result<Json<DeadLetterView>, ProblemDetails> {
    let found = api.find(&one(&id)).await?;
    found.first().map(|letter| Json(letter.into())).ok_or_else(|| unknown(&id))
}

pub(crate) async fn redrive(
    State(api): State<Arc<Api>>,
    pairs: Pairs,
) -> Result<Json<Touched>, ProblemDetails> {
    let query = deliberate(&selector(pairs)?)?;
    api.change(&query, Change::Redrive).await.map(Json)
}

pub(crate) async fn redrive_one(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
) -> Result<Json<Touched>, ProblemDetails> {
    api.change_one(&id, Change::Redrive).await.map(Json)
}

pub(crate) async fn purge(
    State(api): State<Arc<Api>>,
    pairs: Pairs,
) -> Result<Json<Touched>, ProblemDetails> {
    let query = deliberate(&selector(pairs)?)?;
    api.change(&query, Change::Purge).await.map(Json)
}

pub(crate) async fn purge_one(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
) -> Result<Json<Touched>, ProblemDetails> {
    api.change_one(&id, Change::Purge).await.map(Json)
}

#[derive(Clone, Copy)]
enum Change {
    Redrive,
    Purge,
}

impl Api {
    /// Channel by channel, so that never more than the limit is in memory.
    async fn find(&self, query: &DeadLetterQuery) -> Result<Vec<DeadLetter>, DeadLetterError> {
        let mut found = Vec::new();
        for store in self.stores() {
            let limit = query.limit - found.len();
            found.extend(store.list(&DeadLetterQuery { limit, ..query.clone() }).await?);
            if found.len() >= query.limit {
                break;
            }
        }
        Ok(found)
    }

    async fn change(&self, query: &DeadLetterQuery, change: Change) -> Result<Touched, ProblemDetails> {
        let mut ids = Vec::new();
        for store in self.stores() {
            let limit = match query.limit {
                0 => 0,
                limit if limit <= ids.len() => break,
                limit => limit - ids.len(),
            };
            let query = DeadLetterQuery { limit, ..query.clone() };
            let changed = match change {
                Change::Redrive => self.redrive(&store, &query, &mut ids).await,
                Change::Purge => {
                    store.purge(&query).await.map(|purged| ids.extend(purged)).map_err(Into::into)
                }
            };
            changed.map_err(|problem| broken_off(problem, ids.len()))?;
        }
        Ok(Touched { ids })
    }

    /// Events to their trigger, replies to where the trigger's replies go.
    async fn redrive(
        &self,
        store: &DeadLetterStore,
        query: &DeadLetterQuery,
        done: &mut Vec<String>,
    ) -> Result<(), ProblemDetails> {
        let sent = store.redrive(query).await?;
        let limit = query.limit.saturating_sub(sent.len());
        done.extend(sent);
        if query.limit > 0 && limit == 0 {
            return Ok(());
        }
        self.redrive_replies(store, &DeadLetterQuery { limit, ..query.clone() }, done).await
    }

    async fn change_one(&self, id: &str, change: Change) -> Result<Touched, ProblemDetails> {
        let touched = self.change(&one(id), change).await?;
        if !touched.ids.is_empty() {
            return Ok(touched);
        }
        match self.find(&one(id)).await?.is_empty() {
            true => Err(unknown(id)),
            false => Err(ProblemDetails::new(
                StatusCode::CONFLICT,
                format!("dead letter `{id}` is on its way to its trigger already, or its trigger is gone"),
            )),
        }
    }

    /// In the order of the channels' names, so that a limit cuts the same way each time.
    fn stores(&self) -> Vec<Arc<DeadLetterStore>> {
        let mut channels = self.admin.channels.all();
        channels.sort_by(|(left, _), (right, _)| left.cmp(right));
        channels.into_iter().map(|(_, channel)| channel.dead_letters()).collect()
    }
}

fn selector(pairs: Pairs) -> Result<Selector, ProblemDetails> {
    let Query(pairs) = pairs?;
    Selector::from_query(pairs)
}

/// Refuses to change everything because a condition was forgotten.
fn deliberate(selector: &Selector) -> Result<DeadLetterQuery, ProblemDetails> {
    if selector.is_unbounded() && !selector.all {
        return Err(ProblemDetails::bad_request(
            "say which: `trigger`, `since`, `type` or `id`, or `all=true` for every dead letter",
        ));
    }
    Ok(selector.query(0))
}

fn one(id: &str) -> DeadLetterQuery {
    DeadLetterQuery { ids: vec![id.to_owned()], limit: 1, ..DeadLetterQuery::default() }
}

fn unknown(id: &str) -> ProblemDetails {
    ProblemDetails::not_found(format!("there is no dead letter `{id}`; it may have been delivered or purged"))
}

fn broken_off(problem: ProblemDetails, done: usize) -> ProblemDetails {
    match done {
        0 => problem,
        _ => ProblemDetails {
            detail: format!("{}; at least {done} others were done", problem.detail),
            ..problem
        },
    }
}

impl From<DeadLetterError> for ProblemDetails {
    fn from(error: DeadLetterError) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
    }
}

impl From<QueryRejection> for ProblemDetails {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_request(rejection.body_text())
    }
}
