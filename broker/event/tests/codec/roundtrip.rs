//! Whatever event there is: every codec gives back what it was given.

use bytes::Bytes;
use event::http::{Decoded, decode, encode};
use event::{
    Addressee, Audience, Data, Envelope, Event, FlowStep, Kind, Mode, Record, Timestamp, TraceContext, json,
    record,
};
use http::HeaderMap;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

/// A string without control characters and noncharacters.
const TEXT: &str = "\\PC{0,20}";

fn value() -> impl Strategy<Value = (String, Kind)> {
    prop_oneof![
        TEXT.prop_map(|text| (text, Kind::String)),
        "[ -~]{0,20}".prop_map(|text| (text, Kind::String)),
        any::<i32>().prop_map(|number| (number.to_string(), Kind::Integer)),
        any::<bool>().prop_map(|bool| (bool.to_string(), Kind::Boolean)),
    ]
}

fn data() -> impl Strategy<Value = Data> {
    let json = prop_oneof![
        Just("null".to_owned()),
        any::<i64>().prop_map(|n| n.to_string()),
        any::<String>().prop_map(|s| format!("{s:?}").replace("\\u{", "\\\\u{").replace("\\'", "'")),
        "[a-z]{0,8}".prop_map(|s| format!("{{\"{s}\" : [1.50,{{}}]}}")),
    ];
    let json = json.prop_filter("valid JSON", |t| serde_json::from_str::<serde_json::Value>(t).is_ok());
    prop_oneof![
        Just(Data::Absent),
        vec(any::<u8>(), 1..40).prop_map(|b| Data::Bytes(b.into())),
        any::<String>().prop_filter("not empty", |s| !s.is_empty()).prop_map(|s| Data::Bytes(s.into())),
        json.clone().prop_map(|s| Data::Bytes(s.into())),
        json.prop_map(|s| Data::Json(s.into())),
        any::<String>().prop_map(|s| Data::Text(s.into())),
        vec(any::<u8>(), 0..40).prop_map(|b| Data::Base64(b.into())),
    ]
}

prop_compose! {
    fn event()(
        version in prop_oneof![Just("1.0"), Just("0.3")],
        id in "\\PC{1,20}",
        source in "(https?://h)?/[a-zA-Z0-9%ä/?=&.-]{0,20}(#[a-zA-Z0-9%ä/?=&.-]{0,5})?",
        ty in "\\PC{1,20}",
        content_type in option::of(prop_oneof![Just("application/json"), Just("text/plain; a=\"b c\""), Just("x/y+json")]),
        marked in any::<bool>(),
        extensions in btree_map("x[a-z0-9]{0,19}", value(), 0..6),
        data in data(),
        structured in any::<bool>(),
    ) -> Event {
        let mut builder = Event::builder()
            .set("id", &id).set("source", &source).set("type", &ty).set("specversion", version)
            .data(data).mode(if structured { Mode::Structured } else { Mode::Binary });
        if let Some(content_type) = content_type {
            builder = builder.set("datacontenttype", content_type);
        }
        if marked && version == "0.3" {
            builder = builder.set("datacontentencoding", "base64");
        }
        for (name, (value, kind)) in &extensions {
            builder = builder.set_kind(name, value, *kind);
        }
        builder.build().unwrap()
    }
}

prop_compose! {
    fn envelope()(
        groups in option::of(vec((TEXT, any::<u32>(), any::<u64>()), 0..4)),
        hops in any::<u8>(),
        accepted_at in any::<u64>(),
        trace in option::of((TEXT, TEXT)),
        flow in option::of((TEXT, any::<u32>(), any::<u64>())),
        redrive in option::of(TEXT),
        origin in option::of(any::<u64>()),
    ) -> Envelope {
        let addressee = |(group, attempts, due)| Addressee { group, attempts, due: Timestamp(due) };
        Envelope {
            audience: groups.map_or(Audience::All, |g| Audience::Groups(g.into_iter().map(addressee).collect())),
            hops,
            accepted_at: Timestamp(accepted_at),
            trace: trace.map(|(parent, state)| TraceContext { parent, state }),
            flow: flow.map(|(flow, step, cause)| FlowStep { flow, step, cause }),
            redrive,
            origin,
        }
    }
}

fn over_http(event: &Event, mode: Mode) -> Event {
    let mut headers = HeaderMap::new();
    let body = encode(event, mode, &mut headers);
    match decode(&headers, body) {
        Ok(Decoded::One(event)) => event,
        other => panic!("{event:?} gave {other:?}"),
    }
}

/// Names and values; without what a codec is allowed to add or leave out.
fn attributes(event: &Event) -> Vec<(&str, &str)> {
    let mut attributes: Vec<_> = event
        .attributes()
        .filter(|a| !matches!(a.name, "datacontentencoding" | "datacontenttype"))
        .map(|a| (a.name, a.value))
        .collect();
    attributes.sort_unstable();
    attributes
}

/// A JSON value may lose the white space around it.
fn payload(event: &Event) -> Bytes {
    let bytes = event.data().bytes();
    if serde_json::from_slice::<serde_json::Value>(bytes).is_ok() {
        bytes.slice_ref(bytes.trim_ascii())
    } else {
        bytes.clone()
    }
}

proptest! {
    #[test]
    fn binary(event in event()) {
        let back = over_http(&event, Mode::Binary);
        prop_assert_eq!(attributes(&back), attributes(&event));
        prop_assert_eq!(back.content_type(), event.content_type());
        prop_assert_eq!(back.data().bytes(), event.data().bytes());
    }

    #[test]
    fn structured(event in event()) {
        let back = over_http(&event, Mode::Structured);
        prop_assert_eq!(attributes(&back), attributes(&event));
        let kinds = |e: &Event| e.attributes().filter(|a| a.name.starts_with('x')).map(|a| a.kind).collect::<Vec<_>>();
        prop_assert_eq!(kinds(&back), kinds(&event));
        prop_assert_eq!(payload(&back), payload(&event));
        if event.content_type().is_some() {
            prop_assert_eq!(back.content_type(), event.content_type());
        }
        prop_assert_eq!(over_http(&back, Mode::Structured), back);
    }

    #[test]
    fn batch(events in vec(event(), 0..5)) {
        let mut out = Vec::new();
        json::encode_batch(&events, &mut out);
        let back = json::decode_batch(&out.into()).unwrap();
        let one_by_one: Vec<_> = events.iter().map(|e| over_http(e, Mode::Structured)).collect();
        prop_assert_eq!(back, one_by_one);
    }

    #[test]
    fn record(event in event(), came_over_http in any::<bool>(), envelope in envelope()) {
        let event = if came_over_http { over_http(&event, Mode::Binary) } else { event };
        let record = Record { envelope, event };
        let mut out = Vec::new();
        record::encode(&record, &mut out);
        prop_assert_eq!(record::decode(out.into()), Ok(record));
    }

    #[test]
    fn builder(event in event(), mode in prop_oneof![Just(Mode::Binary), Just(Mode::Structured)]) {
        let event = over_http(&event, mode);
        let again = event::EventBuilder::from(&event).unset("notthere").build();
        prop_assert_eq!(again, Ok(event));
    }
}
