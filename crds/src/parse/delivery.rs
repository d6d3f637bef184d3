//! A `delivery`, with all defaults filled in.

use super::{Destination, destination};
use crate::api::{self, DeliverySpec};
use crate::report::Report;
use crate::{duration, field_path};
use broker_core::{Backoff, BackoffPolicy, DeliveryPolicy, Format};
use std::time::Duration;

/// What a `delivery` says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Delivery {
    pub(crate) policy: DeliveryPolicy,
    pub(crate) dead_letter_sink: Option<Destination>,
}

pub(super) fn parse(
    spec: &DeliverySpec,
    field: &str,
    namespace: &str,
    report: &mut Report<'_>,
) -> Option<Delivery> {
    let dead_letter_sink = match &spec.dead_letter_sink {
        None => None,
        Some(sink) => {
            Some(destination::parse(sink, &field_path(field, "deadLetterSink"), namespace, report)?)
        }
    };
    Some(Delivery { policy: policy(spec, field, report)?, dead_letter_sink })
}

fn policy(spec: &DeliverySpec, field: &str, report: &mut Report<'_>) -> Option<DeliveryPolicy> {
    let default = DeliveryPolicy::default();
    let mut time =
        |name: &str, text: &Option<String>, parse: fn(&str) -> Result<Duration, String>, default| {
            let parsed = text.as_deref().map_or(Ok(default), parse);
            report.take(&field_path(field, name), parsed)
        };
    let delay = time("backoffDelay", &spec.backoff_delay, duration::parse, default.backoff.delay);
    let max = time("backoffMax", &spec.backoff_max, duration::parse_positive, default.backoff.max);
    let timeout = time("timeout", &spec.timeout, duration::parse_positive, default.timeout);
    let retry_after = time("retryAfterMax", &spec.retry_after_max, duration::parse, default.retry_after_max);
    let retries = match spec.retry {
        None => Ok(default.retries),
        Some(retry) => u32::try_from(retry).map_err(|_| "must not be negative; 0 means no retry".to_owned()),
    };
    let retries = report.take(&field_path(field, "retry"), retries);
    let policy = spec.backoff_policy.map_or(default.backoff.policy, |policy| match policy {
        api::BackoffPolicy::Linear => BackoffPolicy::Linear,
        api::BackoffPolicy::Exponential => BackoffPolicy::Exponential,
    });
    let format = spec.format.map(|format| match format {
        api::Format::Json => Format::Json,
        api::Format::Binary => Format::Binary,
    });
    Some(DeliveryPolicy {
        retries: retries?,
        backoff: Backoff { policy, delay: delay?, max: max? },
        timeout: timeout?,
        retry_after_max: retry_after?,
        format,
    })
}
