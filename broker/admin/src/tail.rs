//! `/api/v1/tail`: events as they are accepted, one JSON object per line.

use crate::ProblemDetails;
use crate::api::Api;
use crate::dead_letters::event_json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use broker_core::Tapped;
use bytes::Bytes;
use filter::Filter;
use futures::stream;
use http::header;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;

/// One line of the stream.
#[derive(Debug)]
pub enum TailLine {
    /// An event was accepted.
    Accepted(Accepted),
    /// The reader was too slow.
    Missed(Missed),
}

/// An event that was accepted.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// Where it was sent: `NS/NAME` for a Broker, `channels/NS/NAME` for a Channel.
    pub target: String,
    /// When, RFC 3339.
    pub accepted_at: String,
    /// The event in the JSON event format.
    pub event: Box<RawValue>,
}

/// A gap: the reader was too slow.
#[derive(Debug, Serialize, Deserialize)]
pub struct Missed {
    /// How many events were left out.
    pub missed: u64,
}

impl TailLine {
    /// Reads what the server wrote.
    pub(crate) fn parse(json: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(json)
            .map(Self::Missed)
            .or_else(|_| serde_json::from_slice(json).map(Self::Accepted))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    target: Option<String>,
    #[serde(rename = "type")]
    type_prefix: Option<String>,
    filter: Option<String>,
}

/// Which events a reader gets.
struct Wanted {
    target: Option<String>,
    filter: Filter,
}

impl Parameters {
    fn parse(self) -> Result<Wanted, ProblemDetails> {
        let mut all: Vec<Filter> = Vec::new();
        all.extend(self.type_prefix.map(|prefix| Filter::Prefix("type".to_owned(), prefix)));
        if let Some(text) = self.filter {
            let filter = text.parse().map_err(|e| ProblemDetails::bad_request(format!("`filter`: {e}")))?;
            all.push(Filter::Cesql(filter));
        }
        Ok(Wanted { target: self.target, filter: Filter::All(all) })
    }
}

impl Wanted {
    fn take(&self, tapped: &Tapped) -> bool {
        self.target.as_deref().is_none_or(|wanted| tapped.target.to_string() == wanted)
            && self.filter.matches(&tapped.record.event)
    }
}

pub(crate) async fn stream(
    State(api): State<Arc<Api>>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<impl IntoResponse, ProblemDetails> {
    let Query(parameters) = parameters?;
    let wanted = parameters.parse()?;
    let listener = Listener { taps: api.admin.publisher.tap(), wanted, stop: api.stop.clone() };
    let lines = stream::unfold(listener, |mut listener| async move {
        let line = listener.next().await?;
        Some((Ok::<_, Infallible>(line), listener))
    });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)))
}

struct Listener {
    taps: broadcast::Receiver<Tapped>,
    wanted: Wanted,
    stop: CancellationToken,
}

impl Listener {
    /// The next line for this reader; `None` when the server ends.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let received = tokio::select! {
                received = self.taps.recv() => received,
                () = self.stop.cancelled() => return None,
            };
            match received {
                Ok(tapped) if self.wanted.take(&tapped) => return Some(accepted(&tapped)),
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => return Some(line(&Missed { missed })),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

fn accepted(tapped: &Tapped) -> Bytes {
    line(&Accepted {
        target: tapped.target.to_string(),
        accepted_at: tapped.record.envelope.accepted_at.to_string(),
        event: event_json(&tapped.record.event),
    })
}

fn line(line: &impl Serialize) -> Bytes {
    let mut json = serde_json::to_vec(line).expect("a line is plain data");
    json.push(b'\n');
    Bytes::from(json)
}
