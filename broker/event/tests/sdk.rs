//! The Rust SDK as an independent judge: it must see in an event what we see.
#![expect(clippy::unwrap_used, reason = "clippy only excuses functions that are marked as tests")]

use bytes::Bytes;
use cloudevents::AttributesReader;
use cloudevents::event::ExtensionValue;
use event::http::{Decoded, decode, encode};
use event::{Data, Event, Mode, json};
use http::{HeaderMap, HeaderName};
use serde_json::Value;
use std::path::Path;

/// Events in the JSON format that the seeds of the fuzzer do not hold.
const MORE: &[&str] = &[
    r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"Zürich 東京 🚰","city":"Łódź"}"#,
    r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","n":2147483647,"m":-2147483648,"b":false,"s":"007"}"#,
    r#"{"specversion":"1.0","id":"1","source":"https://a.example/b?c=d#e","type":"t","dataschema":"https://a.example/s#v1"}"#,
    r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","time":"2026-01-02T03:04:05.123456789+02:00"}"#,
    r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"application/json","data":null}"#,
    r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"application/json","data":"text"}"#,
    r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"application/x+json","data":[1,{"ä":1.5}]}"#,
    r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"text/plain","data":"Grüße \u0000"}"#,
    r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"application/json","data_base64":"eyJhIjoxfQ=="}"#,
    r#"{"specversion":"0.3","id":"1","source":"/s","type":"t","schemaurl":"https://a.example/s","dataschema":"an extension"}"#,
    r#"{"specversion":"0.3","id":"1","source":"/s","type":"t","datacontenttype":"text/plain","data":"x"}"#,
];

#[test]
fn every_event_of_the_corpus_round_trips() {
    for event in corpus() {
        let sdk = cloudevents::Event::try_from(&event).unwrap();
        let back = Event::try_from(&sdk).unwrap();
        assert_eq!(meaning(&back), meaning(&event));
        assert_eq!(cloudevents::Event::try_from(&back).unwrap(), sdk);
    }
}

#[test]
fn the_sdk_reads_our_json_as_we_convert_it() {
    // The SDK alone parses base64 that claims to be JSON.
    let is_parsed = |event: &Event| {
        matches!(event.data(), Data::Base64(_)) && event.content_type() == Some("application/json")
    };
    for event in corpus().into_iter().filter(|event| !is_parsed(event)) {
        let mut ours = Vec::new();
        json::encode(&event, &mut ours);
        let read: cloudevents::Event = serde_json::from_slice(&ours).unwrap();
        let event = json::decode(&ours.into()).unwrap();
        assert_eq!(read, cloudevents::Event::try_from(&event).unwrap());
    }
}

#[test]
fn we_read_its_json_as_we_convert_it() {
    for event in corpus() {
        let sdk = cloudevents::Event::try_from(&event).unwrap();
        let read = json::decode(&serde_json::to_vec(&sdk).unwrap().into()).unwrap();
        assert_eq!(meaning(&read), meaning(&event));
    }
}

#[test]
fn what_its_types_cannot_hold_is_refused_by_name() {
    let relative = Bytes::from_static(include_bytes!("../../../fuzz/seeds/json/base64-0.3"));
    let refused = cloudevents::Event::try_from(&json::decode(&relative).unwrap()).unwrap_err();
    assert_eq!(refused.name, "schemaurl");
    assert!(refused.rule.contains("relative URL"), "{refused}");
}

#[test]
fn what_the_sdk_lets_pass_we_do_not() {
    let mut sdk = cloudevents::Event::default();
    sdk.set_extension("n", 2_147_483_648_i64);
    assert_eq!(Event::try_from(&sdk).unwrap_err().name, "n");
    sdk.set_extension("n", ExtensionValue::Integer(2_147_483_647));
    assert_eq!(Event::try_from(&sdk).unwrap().id(), sdk.id());
    sdk.set_extension("Upper", "case");
    assert_eq!(Event::try_from(&sdk).unwrap_err().name, "Upper");
}

/// What must survive: attributes with their kinds, times as instants, JSON as values, all other payloads as bytes.
fn meaning(event: &Event) -> (Vec<(String, Value)>, Value) {
    let mut attributes: Vec<_> =
        event.attributes().filter(|a| a.name != "datacontentencoding").map(one).collect();
    attributes.sort_by(|(a, _), (b, _)| a.cmp(b));
    let bytes = event.data().bytes();
    let payload = match event.data() {
        Data::Absent => Value::Null,
        Data::Json(json) => serde_json::json!({"json": serde_json::from_slice::<Value>(json).unwrap()}),
        Data::Bytes(_) | Data::Text(_) | Data::Base64(_) => serde_json::json!({"bytes": bytes.to_vec()}),
    };
    (attributes, payload)
}

fn one(attribute: event::Attribute<'_>) -> (String, Value) {
    let value = match attribute.name {
        "time" => attribute.value.parse::<jiff::Timestamp>().unwrap().to_string(),
        // A URL has a path.
        "dataschema" if attribute.value == "https://example.com" => "https://example.com/".to_owned(),
        _ => attribute.value.to_owned(),
    };
    (attribute.name.to_owned(), serde_json::json!([value, format!("{:?}", attribute.kind)]))
}

/// Each event as it is, and as it comes over HTTP in both modes; but for relative schemas. Seeds that are no events are
/// not for here.
fn corpus() -> Vec<Event> {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    let mut events: Vec<Event> =
        MORE.iter().map(|text| json::decode(&Bytes::from_static(text.as_bytes())).unwrap()).collect();
    events.extend(files(&seeds.join("json")).filter_map(|text| json::decode(&text.into()).ok()));
    events.extend(files(&seeds.join("http")).flat_map(|text| message(&String::from_utf8(text).unwrap())));
    assert_eq!(events.len(), MORE.len() + 8);
    events.retain(|event| event.get("schemaurl") != Some("s"));
    let again = |event: &Event| [Mode::Binary, Mode::Structured].map(|mode| over_http(event, mode));
    let more: Vec<_> = events.iter().flat_map(again).collect();
    events.extend(more);
    events
}

fn files(folder: &Path) -> impl Iterator<Item = Vec<u8>> {
    std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
}

fn message(text: &str) -> Vec<Event> {
    let (head, body) = text.split_once("\n\n").unwrap();
    let fields = head.lines().map(|line| line.split_once(": ").unwrap());
    let headers =
        fields.map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())).collect();
    match decode(&headers, Bytes::copy_from_slice(body.as_bytes())) {
        Ok(Decoded::One(event)) => vec![event],
        Ok(Decoded::Batch(events)) => events,
        Err(_) => Vec::new(),
    }
}

fn over_http(event: &Event, mode: Mode) -> Event {
    let mut headers = HeaderMap::new();
    let body = encode(event, mode, &mut headers);
    match decode(&headers, body).unwrap() {
        Decoded::One(event) => event,
        Decoded::Batch(_) => panic!("one was sent"),
    }
}
