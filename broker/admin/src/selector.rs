//! Which dead letters are meant, as a query string and back.

use crate::ProblemDetails;
use broker_core::DeadLetterQuery;
use event::Timestamp;
use jiff::SignedDuration;
use std::fmt::Write;

/// Which dead letters a request is about. Conditions narrow; nothing given means nothing, unless `all`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// Entry ids; empty: any.
    pub ids: Vec<String>,
    /// Of this trigger, `NS/NAME`, Subscription, `subscriptions/NS/NAME`, or step, `sequences/NS/NAME/step-1`.
    pub trigger: Option<String>,
    /// Whose last failure was at or after this time.
    pub since: Option<Timestamp>,
    /// Whose event's `type` is this.
    pub ty: Option<String>,
    /// At most so many.
    pub limit: Option<usize>,
    /// Really all: what redrive and purge want to be told when no condition is given.
    pub all: bool,
}

impl Selector {
    /// True when it could mean every dead letter there is.
    #[must_use]
    pub fn is_unbounded(&self) -> bool {
        self.ids.is_empty() && self.trigger.is_none() && self.since.is_none() && self.ty.is_none()
    }

    /// The query string, with its `?`; empty when there is nothing to say.
    #[must_use]
    pub fn to_query(&self) -> String {
        let mut query = String::new();
        let mut add = |name: &str, value: &str| {
            query.push(if query.is_empty() { '?' } else { '&' });
            query.push_str(name);
            query.push('=');
            percent_encode(value, &mut query);
        };
        self.ids.iter().for_each(|id| add("id", id));
        self.trigger.iter().for_each(|trigger| add("trigger", trigger));
        self.since.iter().for_each(|since| add("since", &since.to_string()));
        self.ty.iter().for_each(|ty| add("type", ty));
        self.limit.iter().for_each(|limit| add("limit", &limit.to_string()));
        if self.all {
            add("all", "true");
        }
        query
    }

    /// Reads the parameters of a request.
    pub(crate) fn from_query(pairs: Vec<(String, String)>) -> Result<Self, ProblemDetails> {
        let mut selector = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "id" => selector.ids.push(value),
                "trigger" => selector.trigger = Some(value),
                "since" => selector.since = Some(parse_since(&value).map_err(ProblemDetails::bad_request)?),
                "type" => selector.ty = Some(value),
                "limit" => selector.limit = Some(parse_limit(&value)?),
                "all" => selector.all = value == "true",
                _ => {
                    return Err(ProblemDetails::bad_request(format!(
                        "there is no parameter `{name}`; there are `trigger`, `since`, `type`, `id`, `limit`, `all`"
                    )));
                }
            }
        }
        Ok(selector)
    }

    /// What the dead letter store understands; `default_limit` 0 means no limit.
    pub(crate) fn query(&self, default_limit: usize) -> DeadLetterQuery {
        DeadLetterQuery {
            ids: self.ids.clone(),
            group: self.trigger.as_deref().map(Into::into),
            since: self.since,
            ty: self.ty.clone(),
            limit: self.limit.unwrap_or(default_limit),
        }
    }
}

fn parse_limit(text: &str) -> Result<usize, ProblemDetails> {
    text.parse()
        .ok()
        .filter(|limit| *limit > 0)
        .ok_or_else(|| ProblemDetails::bad_request(format!("`limit`: `{text}` is no number from 1")))
}

/// A time (`2026-01-31T12:00:00Z`) or how long ago (`90s`, `15m`, `24h`, `PT15M`).
///
/// # Errors
/// One line that says what is understood.
pub fn parse_since(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp(u64::try_from(time.as_millisecond()).unwrap_or(0)));
    }
    let ago = text.parse::<SignedDuration>().ok().and_then(|ago| u64::try_from(ago.as_millis()).ok());
    ago.map(|ago| Timestamp(Timestamp::now().0.saturating_sub(ago))).ok_or_else(|| {
        format!("`since`: `{text}` is neither a time (2026-01-31T12:00:00Z) nor a duration (15m)")
    })
}

/// Keeps RFC 3986's unreserved characters and `/`, which queries may hold.
pub(crate) fn percent_encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(byte.into())
            }
            _ => write!(out, "%{byte:02X}").expect("a string takes everything"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_comes_back_from_its_query() {
        let selector = Selector {
            ids: vec!["a&b".to_owned(), "c".to_owned()],
            trigger: Some("default/bill".to_owned()),
            since: Some(Timestamp(1_700_000_000_123)),
            ty: Some("com.example/ä+b c".to_owned()),
            limit: Some(7),
            all: true,
        };
        let query = selector.to_query();
        let uri: http::Uri = format!("/x{query}").parse().unwrap();
        let pairs = axum::extract::Query::try_from_uri(&uri).unwrap().0;
        assert_eq!(Selector::from_query(pairs).unwrap(), selector, "{query}");
    }

    #[test]
    fn no_condition_is_everything() {
        assert!(Selector { limit: Some(3), ..Selector::default() }.is_unbounded());
        assert!(!Selector { ids: vec!["x".to_owned()], ..Selector::default() }.is_unbounded());
        assert_eq!(Selector::default().to_query(), "");
    }

    #[test]
    fn since_is_a_time_or_a_duration() {
        assert_eq!(parse_since("1970-01-01T00:00:01Z"), Ok(Timestamp(1000)));
        let ago = Timestamp::now().since(parse_since("15m").unwrap()).as_secs();
        assert!((899..=901).contains(&ago), "{ago}");
        assert!(parse_since("PT1H").is_ok());
        for bad in ["", "yesterday", "-5m", "15"] {
            assert!(parse_since(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_unknown_parameter_is_named() {
        let problem = Selector::from_query(vec![("triger".to_owned(), "x".to_owned())]).unwrap_err();
        assert!(problem.detail.contains("`triger`"), "{}", problem.detail);
    }
}
