//! The requests themselves, over connections that are kept.

use super::message::Message;
use crate::error::CliError;
use admin::{ClientError, Connector, ProblemDetails};
use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::time::Duration;

/// From connecting to the end of the answer.
const ANSWER_TIME: Duration = Duration::from_secs(60);
/// Bytes of an answer that are read to learn why.
const MAX_ANSWER: usize = 64 * 1024;

/// Sends to one address.
pub(super) struct Poster {
    http: legacy::Client<Connector, Full<Bytes>>,
    target: Uri,
}

/// How one request ended, for each event in it.
pub(super) struct Outcome {
    pub(super) ids: Vec<String>,
    pub(super) verdict: Verdict,
}

/// What became of the events of a request.
pub(super) enum Verdict {
    /// 2xx.
    Taken(StatusCode),
    /// Any other status, and what the server says about it.
    Refused(StatusCode, String),
    /// No answer at all.
    NoAnswer(String),
}

impl Verdict {
    /// One event's result for programs.
    pub(super) fn report(&self, id: &str) -> Value {
        match self {
            Self::Taken(status) => json!({ "id": id, "status": status.as_u16() }),
            Self::Refused(status, detail) => json!({ "id": id, "status": status.as_u16(), "detail": detail }),
            Self::NoAnswer(why) => json!({ "id": id, "status": null, "detail": why }),
        }
    }
}

impl Poster {
    /// Trusts the system's roots and those of `ca_bundle`, where the target is `https`.
    pub(super) fn new(target: Uri, ca_bundle: Option<&[u8]>) -> Result<Self, CliError> {
        let https = target.scheme_str() == Some("https");
        let connector = admin::connector(https, ca_bundle).map_err(ClientError::from)?;
        Ok(Self { http: legacy::Client::builder(TokioExecutor::new()).build(connector), target })
    }

    pub(super) fn target(&self) -> &Uri {
        &self.target
    }

    pub(super) async fn post(&self, message: Message) -> Outcome {
        let mut request = Request::post(self.target.clone())
            .body(Full::new(message.body))
            .expect("an address that was parsed makes a request");
        request.headers_mut().extend(message.headers);
        let answered = tokio::time::timeout(ANSWER_TIME, self.http.request(request)).await;
        let verdict = match answered {
            Ok(Ok(answer)) if answer.status().is_success() => {
                let status = answer.status();
                // Read to its end so that the connection can be used again; what it says does not matter.
                let _ = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
                Verdict::Taken(status)
            }
            Ok(Ok(answer)) => {
                let status = answer.status();
                let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
                Verdict::Refused(status, body.map_or_else(|_| String::new(), |body| detail(&body.to_bytes())))
            }
            Ok(Err(error)) => Verdict::NoAnswer(admin::reason(&error)),
            Err(_) => Verdict::NoAnswer(format!("nothing within {} s", ANSWER_TIME.as_secs())),
        };
        Outcome { ids: message.ids, verdict }
    }
}

/// The problem's detail, or the first line of whatever it is.
fn detail(body: &[u8]) -> String {
    match serde_json::from_slice::<ProblemDetails>(body) {
        Ok(problem) if !problem.detail.is_empty() => problem.detail,
        _ => String::from_utf8_lossy(body).lines().next().unwrap_or_default().to_owned(),
    }
}
