//! `Retry-After` (RFC 9110, 10.2.3): seconds, or a date.

use event::Timestamp;
use http::HeaderValue;
use std::time::Duration;

/// How long to wait from `now` on; `None` when it is neither. A date in the past is no wait.
pub(crate) fn parse(value: &HeaderValue, now: Timestamp) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than fit are a very long wait, and it is capped anyway.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_millisecond();
    Some(Timestamp(u64::try_from(date).unwrap_or_default()).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &'static str) -> Option<u64> {
        let now = Timestamp(784_111_777_000);
        parse(&HeaderValue::from_static(text), now).map(|d| d.as_secs())
    }

    #[test]
    fn seconds_and_dates_are_read_and_nonsense_is_ignored() {
        assert_eq!(at("0"), Some(0));
        assert_eq!(at(" 120 "), Some(120));
        assert_eq!(at("99999999999999999999999"), Some(u64::from(u32::MAX)));
        assert_eq!(at("Sun, 06 Nov 1994 08:49:47 GMT"), Some(10));
        assert_eq!(at("Sun, 06 Nov 1994 08:49:27 GMT"), Some(0));
        for nonsense in ["", "soon", "-5", "1.5", "1994-11-06T08:49:47Z"] {
            assert_eq!(at(nonsense), None, "{nonsense}");
        }
    }
}
