//! `delivery`, shared by every kind that delivers.

use super::Destination;
use serde::{Deserialize, Serialize};

/// How events are delivered, and what becomes of those that cannot be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DeliverySpec {
    /// Who gets events that could not be delivered. Without one they are kept in the dead letter store.
    pub dead_letter_sink: Option<Destination>,
    /// Tries after the first one; 0 means none. Default 10.
    pub retry: Option<i32>,
    /// ISO 8601 limit of one request. Default `PT30S`.
    pub timeout: Option<String>,
    /// How the waits between tries grow. Default `exponential`.
    pub backoff_policy: Option<BackoffPolicy>,
    /// ISO 8601 wait after the first failure. Default `PT0.2S`.
    pub backoff_delay: Option<String>,
    /// ISO 8601 upper limit of the waits. Default `PT5M`.
    pub backoff_max: Option<String>,
    /// ISO 8601 upper limit of a `Retry-After` that is honoured; `PT0S` ignores the header. Default `PT5M`.
    pub retry_after_max: Option<String>,
    /// Content mode of the requests. Default: as the event came.
    pub format: Option<Format>,
}

/// How the waits between tries grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackoffPolicy {
    /// By `backoffDelay` each time.
    Linear,
    /// Twice as long each time.
    Exponential,
}

/// Content mode of the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Structured: one JSON document.
    Json,
    /// Attributes as headers.
    Binary,
}
