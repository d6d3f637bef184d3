//! Consent to senders that ask before they send (CloudEvents WebHook 1.0, section 4).

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use http_body_util::Full;

/// The methods of a target.
pub(crate) const ALLOW: HeaderValue = HeaderValue::from_static("POST, OPTIONS");

const REQUEST_ORIGIN: HeaderName = HeaderName::from_static("webhook-request-origin");
const REQUEST_RATE: HeaderName = HeaderName::from_static("webhook-request-rate");
const ALLOWED_ORIGIN: HeaderName = HeaderName::from_static("webhook-allowed-origin");
const ALLOWED_RATE: HeaderName = HeaderName::from_static("webhook-allowed-rate");
const ANY: HeaderValue = HeaderValue::from_static("*");

/// Says yes: to the origin and the rate that were asked for, to any where none was. It is said at once, so a
/// `WebHook-Request-Callback` needs no call.
pub(crate) fn consent(asked: &HeaderMap) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    let headers = response.headers_mut();
    headers.insert(http::header::ALLOW, ALLOW);
    headers.insert(ALLOWED_ORIGIN, asked.get(REQUEST_ORIGIN).cloned().unwrap_or(ANY));
    headers
        .insert(ALLOWED_RATE, asked.get(REQUEST_RATE).filter(|rate| is_rate(rate)).cloned().unwrap_or(ANY));
    response
}

/// Requests per minute, at least one (section 4.1.4).
fn is_rate(rate: &HeaderValue) -> bool {
    rate.to_str().is_ok_and(|rate| rate.parse::<std::num::NonZeroU64>().is_ok())
}
