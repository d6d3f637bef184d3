//! Any bytes at all: nothing panics, and what is accepted can be passed on.

use bytes::Bytes;
use event::http::{Decoded, decode, decode_reply, encode};
use event::{Envelope, Event, EventBuilder, Mode, Record, Timestamp, json, record};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::collection::vec;
use proptest::prelude::*;

/// An accepted event leaves in each mode as an event that is accepted again, and says the same.
fn passes_on(event: &Event) {
    assert_eq!(EventBuilder::from(event).build().as_ref(), Ok(event));
    for mode in [Mode::Binary, Mode::Structured] {
        let mut headers = HeaderMap::new();
        let body = encode(event, mode, &mut headers);
        match decode(&headers, body) {
            Ok(Decoded::One(again)) => {
                assert_eq!(
                    (again.id(), again.source(), again.ty()),
                    (event.id(), event.source(), event.ty())
                );
            }
            other => panic!("{mode:?} of {event:?} gave {other:?}"),
        }
    }
    let record = Record { envelope: Envelope::accepted(1, Timestamp(1)), event: event.clone() };
    let mut bytes = Vec::new();
    record::encode(&record, &mut bytes);
    assert_eq!(record::decode(bytes.into()), Ok(record));
}

fn decoded_pass_on(decoded: &Decoded) {
    match decoded {
        Decoded::One(event) => passes_on(event),
        Decoded::Batch(events) => events.iter().for_each(passes_on),
    }
}

/// Bytes put in place of other bytes, here and there.
fn mutated(mut text: Vec<u8>, edits: Vec<(prop::sample::Index, u8, Vec<u8>)>) -> Vec<u8> {
    for (place, removed, put) in edits {
        let start = place.index(text.len() + 1);
        let end = (start + usize::from(removed % 4)).min(text.len());
        text.splice(start..end, put);
    }
    text
}

fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, Vec<u8>)>> {
    let telling = prop::sample::select(&b"\"\\{}[]:,%0129az \n\x00\x7f\xff\xc3"[..]);
    vec((any::<prop::sample::Index>(), any::<u8>(), vec(prop_oneof![telling, any::<u8>()], 0..3)), 0..6)
}

fn json_event() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"a":[1,"x\u00e4"]}}"#),
        Just(r#"{"specversion":"0.3","id":"1","source":"/s","type":"t","datacontentencoding":"base64","data":"AP8="}"#),
        Just(r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","x":-1,"datacontenttype":"text/plain","data":"a\n"}"#),
        Just(r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","x":null,"time":"2020-01-01T00:00:00Z","data_base64":"AP8="}"#),
    ]
    .prop_map(|text| text.as_bytes().to_vec())
}

fn record_bytes() -> Vec<u8> {
    include_bytes!("../fixtures/record-v1.bin").to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn json(text in json_event(), edits in edits()) {
        if let Ok(event) = json::decode(&mutated(text, edits).into()) {
            passes_on(&event);
        }
    }

    #[test]
    fn batch(members in vec(json_event(), 0..3), edits in edits()) {
        let text = [b"[".to_vec(), members.join(&b','), b"]".to_vec()].concat();
        for event in json::decode_batch(&mutated(text, edits).into()).unwrap_or_default() {
            passes_on(&event);
        }
    }

    #[test]
    fn headers(
        value in vec(any::<u8>(), 0..20),
        edits in edits(),
        name in prop::sample::select(vec![
            "ce-specversion", "ce-id", "ce-source", "ce-type", "ce-subject", "ce-time", "ce-dataschema", "ce-x",
            "ce-datacontentencoding", "content-type", "content-encoding", "ce-data", "ce-a_b",
        ]),
        body in vec(any::<u8>(), 0..20),
    ) {
        let mut headers = crate::wire::minimal();
        let mut value = mutated(value, edits);
        value.retain(|byte| HeaderValue::from_bytes(&[*byte]).is_ok());
        headers.insert(HeaderName::from_static(name), HeaderValue::from_bytes(&value).unwrap());
        if let Ok(Some(decoded)) = decode_reply(&headers, Bytes::from(body)) {
            decoded_pass_on(&decoded);
        }
    }

    #[test]
    fn record_with_edits(edits in edits()) {
        survive(mutated(record_bytes(), edits));
    }

    #[test]
    fn record_of_anything(bytes in vec(any::<u8>(), 0..200)) {
        survive(bytes);
    }
}

/// A record's checksum is the log's; without it a damaged one may be read, and must do no harm.
fn survive(bytes: Vec<u8>) {
    let Ok(record) = record::decode(Bytes::from(bytes)) else { return };
    for mode in [Mode::Binary, Mode::Structured] {
        encode(&record.event, mode, &mut HeaderMap::new());
    }
    let mut out = Vec::new();
    record::encode(&record, &mut out);
    assert_eq!(record::decode(out.into()), Ok(record));
}

#[test]
fn every_flipped_bit_of_a_record_does_no_harm() {
    for bit in 0..record_bytes().len() * 8 {
        let mut bytes = record_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        survive(bytes);
    }
}
