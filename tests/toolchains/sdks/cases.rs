//! The events that are sent.

use super::sdk::{Mode, Sdk};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// An event without its id; the fields are those that the programs in `tests/sdks` read.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) event: Value,
}

pub(super) fn all() -> Vec<Case> {
    let json = "application/json";
    let every_byte: Vec<u8> = (0..=255).collect();
    vec![
        Case { name: "no-data", event: plain(None, &Value::Null) },
        Case { name: "json", event: plain(Some(json), &json!({"json": document()})) },
        Case {
            name: "json-charset",
            event: plain(Some("application/json; charset=utf-8"), &json!({"json": {"n": 1}})),
        },
        Case {
            name: "json-suffix",
            event: plain(Some("application/vnd.shop+json"), &json!({"json": {"n": 1}})),
        },
        Case { name: "json-array", event: plain(Some(json), &json!({"json": [{"n": 1}, "two", null]})) },
        Case { name: "json-string", event: plain(Some(json), &json!({"json": "Grüße, \"日本\""})) },
        Case { name: "json-number", event: plain(Some(json), &json!({"json": 42})) },
        Case {
            name: "json-large-integer",
            event: plain(Some(json), &json!({"json": {"n": 9_007_199_254_740_993_i64}})),
        },
        Case {
            name: "text",
            event: plain(Some("text/plain"), &json!({"text": "Grüße aus 日本 🚰\r\n\ttwo lines"})),
        },
        Case {
            name: "bytes",
            event: plain(Some("application/octet-stream"), &json!({"base64": STANDARD.encode(every_byte)})),
        },
        Case {
            name: "bytes-utf8",
            event: plain(Some("image/png"), &json!({"base64": STANDARD.encode(b"not really a picture")})),
        },
        Case { name: "attributes", event: attributes() },
        Case { name: "latin-attributes", event: with(&json!({"subject": "Zürich"})) },
        Case {
            name: "unicode-attributes",
            event: with(&json!({"subject": "Zürich 東京 🚰", "extensions": {"city": "Łódź"}})),
        },
        Case {
            name: "encoded-attributes",
            event: with(&json!({"subject": "100% \"pure\" a%20b", "extensions": {"path": "a b"}})),
        },
        Case { name: "exact-time", event: with(&json!({"time": "2026-01-02T03:04:05.123456789+02:00"})) },
        Case { name: "no-time", event: without_time() },
    ]
}

/// The event as this SDK sends it in this mode: with an id that says so.
pub(super) fn numbered(case: &Case, sdk: &Sdk, mode: Mode) -> Value {
    let mut event = case.event.clone();
    event["id"] = format!("{}-{}-{}", sdk.name, mode.name(), case.name).into();
    event
}

fn document() -> Value {
    json!({
        "text": "Grüße aus 日本 🚰, \"quoted\" \\ <b>&amp;</b> \u{2028}",
        "numbers": [0, -1, 1.5, 2_147_483_648_i64, 1e-7],
        "nothing": null, "yes": true, "empty": {}, "list": [[]], "schlüssel": 1,
    })
}

fn attributes() -> Value {
    with(&json!({
        "source": "https://shop.example/orders?part=1&q=a%20b#top",
        "subject": "order/42",
        "dataschema": "https://shop.example/schemas/order.json#v1",
        "extensions": {
            "comexampleextension1": "a value", "number": 42, "least": -2_147_483_648_i64,
            "yes": true, "no": false, "partitionkey": "k", "digits": "007", "truth": "true",
        },
    }))
}

fn plain(content_type: Option<&str>, data: &Value) -> Value {
    let mut event = json!({"source": "/sdks", "type": "order", "time": "2026-01-02T03:04:05Z", "data": data});
    if let Some(content_type) = content_type {
        event["datacontenttype"] = content_type.into();
    }
    event
}

fn with(more: &Value) -> Value {
    let mut event = plain(Some("text/plain"), &json!({"text": "x"}));
    merge(&mut event, more);
    event
}

fn without_time() -> Value {
    let mut event = with(&json!({}));
    event.as_object_mut().unwrap().remove("time");
    event
}

/// Sets members of an object.
pub(super) fn merge(event: &mut Value, more: &Value) {
    for (name, value) in more.as_object().unwrap() {
        event[name] = value.clone();
    }
}
