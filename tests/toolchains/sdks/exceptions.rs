//! What an SDK itself changes in an event. `docs/sdks.md` tells users the same.

use super::sdk::Sdk;
use serde_json::Value;

/// On which side of sluice it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    SendsBinary,
    /// Structured or in a batch.
    SendsJson,
    GetsBinary,
    GetsJson,
}

/// What becomes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// These members, as JSON.
    Becomes(&'static str),
    /// An error.
    Refused,
}

/// One case that comes out different.
pub(super) struct Exception {
    sdk: &'static str,
    side: Side,
    case: &'static str,
    /// Only for events that were sent so.
    from: Option<(&'static str, Side)>,
    change: Change,
    /// As `docs/sdks.md` says it.
    pub(super) why: &'static str,
}

use Change::{Becomes, Refused};
use Side::{GetsBinary, GetsJson, SendsBinary, SendsJson};

const ALWAYS: Option<(&str, Side)> = None;

pub(super) static ALL: &[Exception] = &[
    Exception {
        sdk: "go",
        side: SendsJson,
        case: "json-suffix",
        from: ALWAYS,
        change: Becomes(r#"{"data": {"json": "{\"n\":1}"}}"#),
        why: "writes the JSON of `application/…+json` as a string",
    },
    Exception {
        sdk: "go",
        side: GetsJson,
        case: "json-suffix",
        from: Some(("go", SendsJson)),
        change: Becomes(r#"{"data": {"json": {"n": 1}}}"#),
        why: "takes a string of `application/…+json` for its JSON",
    },
    Exception {
        sdk: "go",
        side: GetsJson,
        case: "json-suffix",
        from: ALWAYS,
        change: Refused,
        why: "answers 500 to `application/…+json` whose `data` is not a string",
    },
    Exception {
        sdk: "java",
        side: GetsJson,
        case: "json-suffix",
        from: Some(("go", SendsJson)),
        change: Becomes(r#"{"data": {"json": {"n": 1}}}"#),
        why: "takes a string of `application/…+json` for its JSON",
    },
    Exception {
        sdk: "java",
        side: GetsJson,
        case: "json-suffix",
        from: ALWAYS,
        change: Refused,
        why: "does not know `application/…+json` with a dot or a digit before the `+`",
    },
    Exception {
        sdk: "python",
        side: SendsBinary,
        case: "json-array",
        from: ALWAYS,
        change: Becomes(r#"{"data": {"text": "[{'n': 1}, 'two', None]"}}"#),
        why: "writes a list as Python would print it",
    },
    Exception {
        sdk: "javascript",
        side: GetsBinary,
        case: "json-array",
        from: Some(("python", SendsBinary)),
        change: Refused,
        why: "refuses what is not JSON",
    },
    Exception {
        sdk: "python",
        side: SendsBinary,
        case: "json-string",
        from: ALWAYS,
        change: Becomes(r#"{"data": {"text": "Grüße, \"日本\""}}"#),
        why: "writes a string as it is, not as JSON",
    },
    Exception {
        sdk: "javascript",
        side: GetsBinary,
        case: "json-string",
        from: Some(("python", SendsBinary)),
        change: Refused,
        why: "refuses what is not JSON",
    },
    Exception {
        sdk: "javascript",
        side: SendsBinary,
        case: "no-data",
        from: ALWAYS,
        change: Becomes(r#"{"datacontenttype": "application/json; charset=utf-8"}"#),
        why: "gives a content type to an event without one",
    },
];

/// The event as it leaves this side; `None` when it does not.
pub(super) fn apply(
    sdk: &Sdk,
    side: Side,
    case: &str,
    from: (&str, Side),
    mut event: Value,
) -> Option<Value> {
    let here = |exception: &&Exception| {
        (exception.sdk, exception.side, exception.case) == (sdk.name, side, case)
            && exception.from.is_none_or(|sent| sent == from)
    };
    match ALL.iter().find(here).map(|exception| exception.change) {
        None => Some(event),
        Some(Refused) => None,
        Some(Becomes(members)) => {
            super::cases::merge(&mut event, &serde_json::from_str(members).unwrap());
            Some(event)
        }
    }
}
