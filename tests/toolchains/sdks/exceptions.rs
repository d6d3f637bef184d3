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
    /// The text of the JSON that it is.
    Unparsed,
    /// An error.
    Refused,
}

/// One case that comes out different.
pub(super) struct Exception {
    sdk: &'static str,
    side: Side,
    pub(super) case: &'static str,
    /// Only for events that were sent so.
    from: Option<(&'static str, Side)>,
    change: Change,
    /// As `docs/sdks.md` says it.
    pub(super) why: &'static str,
}

use Change::{Becomes, Refused, Unparsed};
use Side::{GetsBinary, GetsJson, SendsBinary, SendsJson};

const ALWAYS: Option<(&str, Side)> = None;

pub(super) static ALL: &[Exception] = &[
    Exception {
        sdk: "go",
        side: SendsJson,
        case: "json-suffix",
        from: ALWAYS,
        change: Becomes(r#"{"data": {"json": "{\"n\":1}"}}"#),
        why: "`data` of `application/…+json` is a string that holds the JSON",
    },
    Exception {
        sdk: "go",
        side: GetsJson,
        case: "json-suffix",
        from: Some(("go", SendsJson)),
        change: Becomes(r#"{"data": {"json": {"n": 1}}}"#),
        why: "a string in `application/…+json` is taken for the JSON itself",
    },
    Exception {
        sdk: "go",
        side: GetsJson,
        case: "json-suffix",
        from: ALWAYS,
        change: Refused,
        why: "`application/…+json` whose `data` is not a string is refused with 500",
    },
    Exception {
        sdk: "java",
        side: GetsJson,
        case: "json-suffix",
        from: Some(("go", SendsJson)),
        change: Becomes(r#"{"data": {"json": {"n": 1}}}"#),
        why: "a string in `application/…+json` is taken for the JSON itself",
    },
    Exception {
        sdk: "java",
        side: GetsJson,
        case: "json-suffix",
        from: ALWAYS,
        change: Refused,
        why: "`application/…+json` with a dot or digit in its name is refused unless `data` is a string",
    },
    Exception {
        sdk: "python",
        side: SendsBinary,
        case: "json-array",
        from: ALWAYS,
        change: Becomes(r#"{"data": {"text": "[{'n': 1}, 'two', None]"}}"#),
        why: "a list is written as Python prints it, which is not JSON",
    },
    Exception {
        sdk: "javascript",
        side: GetsBinary,
        case: "json-array",
        from: Some(("python", SendsBinary)),
        change: Refused,
        why: "a payload that is not the JSON it claims to be is an exception",
    },
    Exception {
        sdk: "python",
        side: SendsBinary,
        case: "json-string",
        from: ALWAYS,
        change: Becomes(r#"{"data": {"text": "Grüße, \"日本\""}}"#),
        why: "a JSON string is written without its quotes",
    },
    Exception {
        sdk: "javascript",
        side: SendsBinary,
        case: "json-string",
        from: ALWAYS,
        change: Becomes(r#"{"data": {"text": "Grüße, \"日本\""}}"#),
        why: "a JSON string is written without its quotes",
    },
    Exception {
        sdk: "javascript",
        side: GetsBinary,
        case: "json-string",
        from: Some(("python", SendsBinary)),
        change: Refused,
        why: "a payload that is not the JSON it claims to be is an exception",
    },
    Exception {
        sdk: "javascript",
        side: GetsBinary,
        case: "json-string",
        from: Some(("javascript", SendsBinary)),
        change: Refused,
        why: "a payload that is not the JSON it claims to be is an exception",
    },
    Exception {
        sdk: "python",
        side: SendsBinary,
        case: "attributes",
        from: ALWAYS,
        change: Becomes(
            r#"{"extensions": {"comexampleextension1": "a value", "number": 42, "least": -2147483648, "yes": "True", "no": "False", "partitionkey": "k", "digits": "007", "truth": "true"}}"#,
        ),
        why: "booleans are `True` and `False`, where the specification has `true` and `false`",
    },
    Exception {
        sdk: "javascript",
        side: SendsBinary,
        case: "no-data",
        from: ALWAYS,
        change: Becomes(r#"{"datacontenttype": "application/json; charset=utf-8"}"#),
        why: "an event without `datacontenttype` gets one",
    },
    Exception {
        sdk: "javascript",
        side: GetsBinary,
        case: "json-number",
        from: ALWAYS,
        change: Becomes(r#"{"data": {"json": "42"}}"#),
        why: "JSON that is a number, `true`, `false` or `null` is a string",
    },
    Exception {
        sdk: "javascript",
        side: GetsBinary,
        case: "json-suffix",
        from: ALWAYS,
        change: Unparsed,
        why: "the JSON of `application/…+json` is not parsed",
    },
    Exception {
        sdk: "javascript",
        side: SendsBinary,
        case: "json-large-integer",
        from: ALWAYS,
        change: Becomes(r#"{"data": {"json": {"n": 9007199254740992}}}"#),
        why: "integers beyond 2^53 are rounded",
    },
    Exception {
        sdk: "javascript",
        side: SendsJson,
        case: "json-large-integer",
        from: ALWAYS,
        change: Becomes(r#"{"data": {"json": {"n": 9007199254740992}}}"#),
        why: "integers beyond 2^53 are rounded",
    },
    Exception {
        sdk: "javascript",
        side: GetsBinary,
        case: "json-large-integer",
        from: ALWAYS,
        change: Becomes(r#"{"data": {"json": {"n": 9007199254740992}}}"#),
        why: "integers beyond 2^53 are rounded",
    },
    Exception {
        sdk: "javascript",
        side: GetsJson,
        case: "json-large-integer",
        from: ALWAYS,
        change: Becomes(r#"{"data": {"json": {"n": 9007199254740992}}}"#),
        why: "integers beyond 2^53 are rounded",
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
        Some(Unparsed) => {
            event["data"] = serde_json::json!({"unparsed": event["data"]["json"]});
            Some(event)
        }
        Some(Becomes(members)) => {
            super::cases::merge(&mut event, &serde_json::from_str(members).unwrap());
            Some(event)
        }
    }
}
