//! The record format: roundtrips, the committed fixture, damage.

use bytes::Bytes;
use event::record::{decode, encode};
use event::{
    Addressee, Audience, Data, Envelope, Event, FlowStep, Kind, Mode, Record, Timestamp, TraceContext,
};

/// A record with everything in it that the format knows.
fn full() -> Record {
    let mut headers = crate::wire::minimal();
    headers.insert("ce-subject", http::HeaderValue::from_static("a b%20c"));
    let event = crate::wire::one(&headers, b"").unwrap();
    let event = event::EventBuilder::from(&event)
        .set_kind("number", "-7", Kind::Integer)
        .set_kind("yes", "true", Kind::Boolean)
        .set("umlaut", "ä€😀")
        .mode(Mode::Structured)
        .data(Data::Json(Bytes::from_static(b"{\"a\": 1}")))
        .build()
        .unwrap();
    let envelope = Envelope {
        audience: Audience::Groups(vec![
            Addressee { group: "ns/one".to_owned(), attempts: 3, due: Timestamp(1_700_000_000_123) },
            Addressee { group: "ns/two".to_owned(), attempts: u32::MAX, due: Timestamp(0) },
        ]),
        hops: 254,
        accepted_at: Timestamp(1_700_000_000_000),
        trace: Some(TraceContext { parent: "00-aa-bb-01".to_owned(), state: "k=v".to_owned() }),
        flow: Some(FlowStep { flow: "sequences/ns/f".to_owned(), step: 2, cause: u64::MAX }),
        redrive: Some("entry-1".to_owned()),
        origin: Some(77),
    };
    Record { envelope, event }
}

/// As little as a record can hold.
fn bare(data: Data) -> Record {
    let event = Event::builder().set("id", "1").set("source", "/s").set("type", "t").data(data);
    Record { envelope: Envelope::accepted(255, Timestamp(1)), event: event.build().unwrap() }
}

fn bytes_of(record: &Record) -> Vec<u8> {
    let mut out = Vec::new();
    encode(record, &mut out);
    out
}

#[test]
fn every_field_survives() {
    let body = Bytes::from_static(b"\"x\"");
    for record in [
        full(),
        bare(Data::Absent),
        bare(Data::Bytes(body.clone())),
        bare(Data::Json(body.clone())),
        bare(Data::Text(body.clone())),
        bare(Data::Base64(body.clone())),
        bare(Data::Text(Bytes::new())),
    ] {
        assert_eq!(decode(Bytes::from(bytes_of(&record))), Ok(record));
    }
}

#[test]
fn each_part_of_the_envelope_stands_alone() {
    let all = full();
    let plain = Envelope::accepted(1, Timestamp(2));
    for envelope in [
        Envelope { audience: all.envelope.audience, ..plain.clone() },
        Envelope { audience: Audience::Groups(Vec::new()), ..plain.clone() },
        Envelope { trace: all.envelope.trace, ..plain.clone() },
        Envelope { flow: all.envelope.flow, ..plain.clone() },
        Envelope { redrive: all.envelope.redrive, ..plain.clone() },
        Envelope { origin: all.envelope.origin, ..plain.clone() },
    ] {
        let record = Record { envelope, event: all.event.clone() };
        assert_eq!(decode(Bytes::from(bytes_of(&record))), Ok(record));
    }
}

#[test]
fn the_payload_is_a_slice_and_not_a_copy() {
    let bytes = Bytes::from(bytes_of(&bare(Data::Bytes(Bytes::from_static(b"payload")))));
    let record = decode(bytes.clone()).unwrap();
    assert!(bytes.as_ptr_range().contains(&record.event.data().bytes().as_ptr()));
}

#[test]
fn the_fixture_of_version_1_opens() {
    let fixture = Bytes::from_static(include_bytes!("../fixtures/record-v1.bin"));
    assert_eq!(decode(fixture.clone()), Ok(full()));
    assert_eq!(bytes_of(&full()), fixture, "version 1 is released: what it writes may not change");
}

#[test]
fn a_newer_format_is_refused_with_a_clear_word() {
    let mut bytes = bytes_of(&full());
    bytes[0] = 2;
    let refused = decode(Bytes::from(bytes)).unwrap_err().to_string();
    assert_eq!(refused, "damaged record: its format 2 is newer than 1, use a newer sluice");
}

#[test]
fn a_record_cut_anywhere_before_its_payload_is_refused() {
    let bytes = bytes_of(&full());
    let payload = full().event.data().bytes().len();
    for end in 0..bytes.len() - payload {
        assert!(decode(Bytes::copy_from_slice(&bytes[..end])).is_err(), "cut at {end}");
    }
}

/// Version, flags, hops and time of a record that has nothing else in front of its payload kind.
const START: [u8; 11] = [1, 0, 255, 1, 0, 0, 0, 0, 0, 0, 0];

fn refused(parts: &[&[u8]]) -> String {
    decode(Bytes::from(parts.concat())).unwrap_err().to_string()
}

#[test]
fn a_huge_count_or_length_allocates_nothing() {
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
    let filler = [0; 64];
    let mut with_groups = START;
    with_groups[1] = 1;
    assert!(refused(&[&with_groups, &huge, &filler]).contains("audience"));
    assert!(refused(&[&with_groups, &[1], &huge, &filler]).contains("group"));
    assert!(refused(&[&START, &[0], &huge, &filler]).contains("attributes"));
    let many = [0x81, 0x02];
    assert!(refused(&[&START, &[0], &many, &[0; 1024]]).contains("257 are too many"));
    let large = [0xff, 0xff, 0xff, 0xff, 0x0f];
    assert!(refused(&[&START, &[0, 1, 0], &large, &[0], &filler]).contains("attribute text"));
    assert!(refused(&[&START, &[0, 1, 0], &large, &large, &filler]).contains("attribute length"));
    assert!(refused(&[&START, &[0, 1, 0], &[0xff; 10], &filler]).contains("number is too large"));
}

#[test]
fn bytes_of_another_shape_are_refused() {
    let lengths = [0, 4, 0, 11, 3, 0, 2, 1, 0, 6, 2, 0, 4, 1];
    let text = b"specversion1.0id1source/stypet";
    assert!(decode(Bytes::from([&START[..], &lengths, text].concat())).is_ok());
    assert!(
        refused(&[&START, &lengths, &text.map(|b| b.to_ascii_uppercase())]).contains("the first are not")
    );
    assert!(refused(&[&START, &[0, 3], &lengths[2..11], text]).contains("the first are not"));
    assert!(refused(&[&START, &[9], &lengths[1..], text]).contains("payload kind 9"));
    assert!(refused(&[&START, &lengths, text, b"x"]).contains("there is one, and should not"));
    assert!(refused(&[&START, &[0, 4, 3], &lengths[3..], text]).contains("attribute type 3"));
    assert!(refused(&[&START, &lengths, &[0xff; 30]]).contains("not UTF-8"));
    let mut cut = *text;
    cut[13..15].copy_from_slice("ä".as_bytes());
    assert!(refused(&[&START, &lengths, &cut]).contains("a character is cut"));
    let mut unknown = START;
    unknown[1] = 0x40;
    assert!(refused(&[&unknown, &lengths, text]).contains("flags 0x40"));
    assert!(refused(&[&[0], &START[1..], &lengths, text]).contains("there is no format 0"));
}
