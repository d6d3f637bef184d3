//! The webhook handshake (CloudEvents WebHook 1.0, section 4): a sink gets no event before it has agreed.
//!
//! Consent is asked with the first event and kept as long as the trigger's settings stay as they are. A sink that
//! does not agree is treated as one that cannot be reached: one event at a time asks again, and its tries count.

use crate::failure::{Class, Failure, Remedy};
use crate::lock;
use crate::pace::Pace;
use crate::request::HttpOutlet;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// The sender, in a question and in every request after the consent.
pub(crate) const REQUEST_ORIGIN: HeaderName = HeaderName::from_static("webhook-request-origin");
const ALLOWED_ORIGIN: HeaderName = HeaderName::from_static("webhook-allowed-origin");
const ALLOWED_RATE: HeaderName = HeaderName::from_static("webhook-allowed-rate");

/// Between two questions: what protects a site from a flood must not be one.
const PAUSE: Duration = Duration::from_secs(1);

/// How it stands between a trigger and its sink.
#[derive(Default)]
pub(crate) struct Handshake {
    standing: Mutex<Standing>,
}

#[derive(Default)]
enum Standing {
    #[default]
    Unasked,
    Refused(Instant, Failure),
    Agreed,
}

impl Handshake {
    /// Whether the sink has agreed.
    pub(crate) fn is_done(&self) -> bool {
        matches!(*lock(&self.standing), Standing::Agreed)
    }

    /// Asks if that is due. `Ok`: events may go, as fast as `pace` now says.
    pub(crate) async fn perform(
        &self,
        sink: &HttpOutlet,
        pace: &Pace,
        timeout: Duration,
    ) -> Result<(), Failure> {
        match &*lock(&self.standing) {
            Standing::Agreed => return Ok(()),
            Standing::Refused(at, failure) if at.elapsed() < PAUSE => return Err(failure.clone()),
            Standing::Refused(..) | Standing::Unasked => {}
        }
        let agreed = ask(sink, timeout).await;
        let mut standing = lock(&self.standing);
        match agreed {
            Ok(rate) => {
                pace.limit(rate);
                *standing = Standing::Agreed;
                Ok(())
            }
            Err(failure) => {
                *standing = Standing::Refused(Instant::now(), failure.clone());
                Err(failure)
            }
        }
    }
}

async fn ask(sink: &HttpOutlet, timeout: Duration) -> Result<Option<NonZeroU32>, Failure> {
    let answer = sink.options(timeout).await.map_err(|error| {
        let failure = Failure::from(error);
        let remedy = if failure.remedy == Remedy::Untried { Remedy::Untried } else { Remedy::Probe };
        let reason = format!("the sink could not be asked for its consent: {}", failure.reason);
        Failure { remedy, reason, ..failure }
    })?;
    read(&answer.headers, sink.origin()).map_err(|why| {
        let reason =
            format!("the sink did not agree to events (it answered OPTIONS with {}): {why}", answer.status);
        Failure::new(Remedy::Probe, Class::ClientError, reason)
    })
}

/// What the sink agreed to: requests per minute, or as many as there are. The status says nothing (section 4.2).
fn read(headers: &HeaderMap, origin: &str) -> Result<Option<NonZeroU32>, String> {
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().trim().to_owned();
    let allowed: Vec<String> = headers.get_all(ALLOWED_ORIGIN).iter().map(text).collect();
    if allowed.is_empty() {
        return Err(format!("there is no `WebHook-Allowed-Origin: {origin}` in the answer"));
    }
    if !allowed.iter().any(|one| one == "*" || one.eq_ignore_ascii_case(origin)) {
        let shown = allowed.join(", ").escape_debug().to_string();
        return Err(format!("`WebHook-Allowed-Origin` is `{shown}`, neither `{origin}` nor `*`"));
    }
    match headers.get(ALLOWED_RATE).map(text).as_deref() {
        None | Some("*") => Ok(None),
        Some(rate) if rate.is_empty() || rate.bytes().any(|b| !b.is_ascii_digit()) || is_zero(rate) => {
            let shown = rate.escape_debug();
            Err(format!("`WebHook-Allowed-Rate` is `{shown}`, neither `*` nor requests per minute"))
        }
        // A number that does not fit is faster than anybody is.
        Some(rate) => Ok(rate.parse().ok()),
    }
}

fn is_zero(digits: &str) -> bool {
    digits.bytes().all(|digit| digit == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(headers: &[(&'static str, &'static str)]) -> Result<Option<u32>, String> {
        let headers = headers.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)));
        read(&headers.collect(), "default.sluice").map(|rate| rate.map(NonZeroU32::get))
    }

    const ALLOWED: &str = "webhook-allowed-origin";
    const RATE: &str = "webhook-allowed-rate";

    #[test]
    fn the_origin_or_a_star_is_consent() {
        for origin in ["default.sluice", "Default.Sluice", "*"] {
            assert_eq!(answered(&[(ALLOWED, origin)]), Ok(None), "{origin}");
        }
        for headers in [&[(ALLOWED, "other")][..], &[], &[(RATE, "5")], &[(ALLOWED, "")]] {
            assert!(answered(headers).unwrap_err().contains("WebHook-Allowed-Origin"), "{headers:?}");
        }
    }

    #[test]
    fn a_rate_is_a_positive_number_or_a_star() {
        assert_eq!(answered(&[(ALLOWED, "*"), (RATE, "*")]), Ok(None));
        assert_eq!(answered(&[(ALLOWED, "*"), (RATE, "120")]), Ok(Some(120)));
        let huge = "99999999999999999999999";
        assert_eq!(answered(&[(ALLOWED, "*"), (RATE, huge)]), Ok(None), "faster than anybody is");
        for rate in ["0", "-1", "+1", "000", "fast", ""] {
            assert!(answered(&[(ALLOWED, "*"), (RATE, rate)]).unwrap_err().contains("Rate"), "{rate}");
        }
    }
}
