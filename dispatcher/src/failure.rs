//! An attempt that failed.

use crate::client::{Answer, SendError};
use broker_core::PublishError;
use bytes::Bytes;
use event::Timestamp;
use http::StatusCode;
use std::time::Duration;

/// So much of an error's body is kept and passed on (Knative data plane: `knativeerrordata`).
pub(crate) const ERROR_BODY: usize = 1024;

/// What can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Try again later.
    Retry,
    /// Try again later, one at a time: nobody is there.
    Probe,
    /// Nothing: the same request gets the same answer.
    None,
    /// Nothing was tried.
    Untried,
}

/// How an attempt ended, as metrics count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Informational,
    Success,
    Redirect,
    ClientError,
    ServerError,
    Timeout,
    Unreachable,
    Broken,
}

/// Why an attempt failed, for policy, people and dead letters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    pub(crate) remedy: Remedy,
    pub(crate) class: Class,
    /// One line, lower case.
    pub(crate) reason: String,
    pub(crate) status: Option<StatusCode>,
    /// At most [`ERROR_BODY`] bytes of the answer.
    pub(crate) body: Bytes,
    /// What the other side asked for.
    pub(crate) retry_after: Option<Duration>,
}

impl Class {
    /// The class of an answer.
    pub(crate) fn of(status: StatusCode) -> Self {
        match status.as_u16() / 100 {
            1 => Self::Informational,
            2 => Self::Success,
            3 => Self::Redirect,
            4 => Self::ClientError,
            _ => Self::ServerError,
        }
    }
}

impl Failure {
    pub(crate) fn new(remedy: Remedy, class: Class, reason: String) -> Self {
        Self { remedy, class, reason, status: None, body: Bytes::new(), retry_after: None }
    }

    /// An answer that is no success (`interface.md` section 3).
    pub(crate) fn refused(answer: &Answer) -> Self {
        let status = answer.status;
        let retried = matches!(status.as_u16(), 404 | 408 | 409 | 429) || status.as_u16() >= 500;
        let remedy = if retried { Remedy::Retry } else { Remedy::None };
        let retry_after = answer.headers.get(http::header::RETRY_AFTER);
        Self {
            retry_after: retry_after.and_then(|v| crate::retry_after::parse(v, Timestamp::now())),
            ..Self::new(remedy, Class::of(status), format!("the sink answered {status}")).answered(answer)
        }
    }

    /// For how long the sink wants no further request: 429 with `Retry-After` (CloudEvents WebHook 1.0, 2.2).
    pub(crate) fn throttled(&self) -> Option<Duration> {
        self.retry_after.filter(|_| self.status == Some(StatusCode::TOO_MANY_REQUESTS))
    }

    /// Adds what the sink said.
    pub(crate) fn answered(self, answer: &Answer) -> Self {
        let body = &answer.body.bytes;
        Self { status: Some(answer.status), body: body.slice(..body.len().min(ERROR_BODY)), ..self }
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        let (remedy, class) = match error {
            SendError::Unreachable(_) => (Remedy::Probe, Class::Unreachable),
            SendError::Busy => (Remedy::Untried, Class::Timeout),
            SendError::Timeout(_) => (Remedy::Retry, Class::Timeout),
            SendError::Tls(_) | SendError::Broken(_) => (Remedy::Retry, Class::Broken),
        };
        Self::new(remedy, class, error.to_string())
    }
}

/// The door of a Broker or Channel of this mesh did not let it in.
impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        let (remedy, class) = match &error {
            PublishError::OutOfHops | PublishError::TooLarge { .. } => (Remedy::None, Class::ClientError),
            PublishError::NoSuchTarget(_) => (Remedy::Retry, Class::ClientError),
            PublishError::Unavailable { .. } => (Remedy::Retry, Class::ServerError),
        };
        let retry_after = match &error {
            PublishError::Unavailable { retry_after, .. } => Some(*retry_after),
            _ => None,
        };
        Self { retry_after, ..Self::new(remedy, class, error.to_string()) }
    }
}
