//! What went over the wire, before and behind sluice.

use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use tests::Received;

/// One event as it was on the wire.
#[derive(Debug, PartialEq)]
pub(super) enum Raw {
    /// Every header that means something, and the body.
    Binary(BTreeMap<String, Vec<u8>>, Vec<u8>),
    /// The members, and the text of the payload.
    Structured(BTreeMap<String, Value>, Option<String>),
}

/// The events of a request, by id, without the time that some SDKs add while they send.
pub(super) fn events(request: &Received) -> Vec<(String, Raw)> {
    let content_type = request.header("content-type");
    if content_type.starts_with("application/cloudevents-batch+json") {
        let members: Vec<Box<RawValue>> = serde_json::from_slice(&request.body).unwrap();
        members.iter().map(|member| structured(member.get().as_bytes())).collect()
    } else if content_type.starts_with("application/cloudevents+json") {
        vec![structured(&request.body)]
    } else {
        vec![binary(request)]
    }
}

fn structured(body: &[u8]) -> (String, Raw) {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(body).unwrap();
    let mut values: BTreeMap<String, Value> = serde_json::from_slice(body).unwrap();
    let data = values.remove("data");
    // Without it, the event is exactly equivalent to one with this (CloudEvents 1.0, `datacontenttype`).
    values.entry("datacontenttype".into()).or_insert("application/json".into());
    // JSON is passed on as it is written; of text that JSON only wraps, the text is.
    let is_json = values["datacontenttype"].as_str().unwrap().contains("json");
    let data = if is_json {
        members.get("data").map(|data| data.get().to_owned())
    } else {
        data.map(|data| data.to_string())
    };
    let id = values["id"].as_str().unwrap().to_owned();
    if id.ends_with("no-time") {
        values.remove("time");
    }
    (id, Raw::Structured(values, data))
}

fn binary(request: &Received) -> (String, Raw) {
    let means = |name: &str| name.starts_with("ce-") || name == "content-type";
    let headers = request.headers.iter().filter(|(name, _)| means(name.as_str()));
    let mut headers: BTreeMap<_, _> =
        headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    let id = request.header("ce-id").to_owned();
    if id.ends_with("no-time") {
        headers.remove("ce-time");
    }
    (id, Raw::Binary(headers, request.body.to_vec()))
}
