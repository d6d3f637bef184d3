//! Every answer that is not 202, and the one table that says how it looks (RFC 9457).

use crate::webhook;
use broker_core::PublishError;
use bytes::Bytes;
use event::http::DecodeError;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;
use std::time::Duration;

/// Why a request was not answered with 202.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the request names no host: send a `Host` header (HTTP/2: `:authority`)")]
    NoHost,
    #[error("the request names two hosts: send one `Host` header")]
    TwoHosts,
    #[error("the `Host` header is not a host name with an optional port")]
    BadHost,
    #[error(
        "`{0}` is no target: events go to /NAMESPACE/BROKER, /channels/NAMESPACE/NAME, /sequences/NAMESPACE/NAME or /parallels/NAMESPACE/NAME"
    )]
    NoAddress(String),
    #[error("{0} is not possible here: events come by POST")]
    Method(Method),
    #[error("the transfer coding is not `chunked` alone: send the body unencoded")]
    TransferCoding,
    #[error("the body is larger than the {max} bytes that one event may have (`--max-event-size`)")]
    EventTooLarge { max: usize },
    #[error("the body is larger than the {max} bytes that a batch may have (16 times `--max-event-size`)")]
    BatchTooLarge { max: usize },
    #[error("batch member {index} has {size} bytes, one event may have {max} (`--max-event-size`)")]
    MemberTooLarge { index: usize, size: usize, max: usize },
    #[error("the body paused for more than {} s", .0.as_secs())]
    BodyStalled(Duration),
    #[error("the body broke off")]
    BodyBroken,
    #[error("too many large bodies are being received at the moment")]
    BodyMemory,
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error(transparent)]
    Publish(#[from] PublishError),
}

/// How a refusal looks from outside.
struct Row {
    status: StatusCode,
    /// The metric's `reason`, and the end of the problem's `type`.
    reason: &'static str,
    title: &'static str,
    retry_after: Option<Duration>,
}

#[derive(serde::Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
}

impl Refusal {
    /// The table.
    fn row(&self) -> Row {
        let row = |status, reason, title| Row { status, reason, title, retry_after: None };
        match self {
            Self::NoHost | Self::TwoHosts | Self::BadHost => {
                row(StatusCode::BAD_REQUEST, "bad-host", "not exactly one host")
            }
            Self::NoAddress(_) | Self::Publish(PublishError::NoSuchTarget(_)) => {
                row(StatusCode::NOT_FOUND, "no-such-target", "no such target")
            }
            Self::Method(_) => row(StatusCode::METHOD_NOT_ALLOWED, "method", "method not allowed"),
            Self::TransferCoding => {
                row(StatusCode::NOT_IMPLEMENTED, "transfer-coding", "transfer coding not supported")
            }
            Self::EventTooLarge { .. }
            | Self::BatchTooLarge { .. }
            | Self::MemberTooLarge { .. }
            | Self::Publish(PublishError::TooLarge { .. }) => {
                row(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "event too large")
            }
            Self::BodyStalled(_) => {
                row(StatusCode::REQUEST_TIMEOUT, "stalled", "body did not arrive in time")
            }
            Self::BodyBroken => row(StatusCode::BAD_REQUEST, "broken-body", "body incomplete"),
            Self::BodyMemory => Row {
                retry_after: Some(Duration::from_secs(1)),
                ..row(StatusCode::SERVICE_UNAVAILABLE, "busy", "busy")
            },
            Self::Decode(DecodeError::Unsupported(_)) => {
                row(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-format", "format not supported")
            }
            Self::Decode(DecodeError::Invalid(_)) => {
                row(StatusCode::BAD_REQUEST, "invalid-event", "not a valid CloudEvent")
            }
            Self::Publish(PublishError::OutOfHops) => {
                row(StatusCode::BAD_REQUEST, "out-of-hops", "event went round too often")
            }
            Self::Publish(PublishError::Unavailable { retry_after, .. }) => Row {
                retry_after: Some(*retry_after),
                ..row(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "not available")
            },
        }
    }

    /// One word for the metric; a bounded set.
    pub(crate) fn reason(&self) -> &'static str {
        self.row().reason
    }

    /// The answer: a problem document.
    pub(crate) fn response(&self) -> Response<Full<Bytes>> {
        let row = self.row();
        let problem = Problem {
            kind: format!("urn:sluice:problem:{}", row.reason),
            title: row.title,
            status: row.status.as_u16(),
            detail: &self.to_string(),
        };
        let body = serde_json::to_vec(&problem).expect("strings and a number are always JSON");
        let mut response = Response::new(Full::from(body));
        *response.status_mut() = row.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(wait) = row.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        if matches!(self, Self::Method(_)) {
            headers.insert(ALLOW, webhook::ALLOW);
        }
        response
    }
}

/// `Retry-After` in seconds: rounded up, at least one.
fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_rounded_up_to_seconds() {
        assert_eq!([0, 1, 1000, 1001].map(|ms| whole_seconds(Duration::from_millis(ms))), [1, 1, 1, 2]);
    }
}
