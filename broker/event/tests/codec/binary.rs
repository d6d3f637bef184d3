//! Binary mode: each rule of the HTTP binding and of `interface.md` section 3.

use crate::wire::{headers, invalid, minimal, one};
use bytes::Bytes;
use event::http::{DecodeError, decode, encode};
use event::{Data, Event, EventBuilder, Kind, Mode};
use http::{HeaderMap, HeaderValue};

/// The event of the minimal headers with one header more.
fn with(name: &'static str, value: &[u8]) -> Result<Event, String> {
    let mut headers = minimal();
    headers.insert(name, HeaderValue::from_bytes(value).unwrap());
    one(&headers, b"")
}

fn sent(event: &Event) -> HeaderMap {
    let mut headers = HeaderMap::new();
    encode(event, Mode::Binary, &mut headers);
    headers
}

#[test]
fn an_event_passes_unchanged() {
    let mut came = minimal();
    came.insert("ce-time", HeaderValue::from_static("2026-01-31T12:00:00.123456789+01:00"));
    came.insert("ce-comexampleother", HeaderValue::from_static("5"));
    came.insert("content-type", HeaderValue::from_static("text/plain; charset=\"utf-8\""));
    came.insert("x-other", HeaderValue::from_static("not an attribute"));
    let event = one(&came, b"\x00\xff body").unwrap();
    assert_eq!(
        [event.specversion(), event.id(), event.source(), event.ty()],
        ["1.0", "1", "/s", "com.example.t"]
    );
    assert_eq!(event.content_type(), Some("text/plain; charset=\"utf-8\""));
    assert_eq!(event.data(), &Data::Bytes(Bytes::from_static(b"\x00\xff body")));
    assert_eq!(event.mode(), Mode::Binary);
    came.remove("x-other");
    let mut headers = HeaderMap::new();
    assert_eq!(encode(&event, Mode::Binary, &mut headers).as_ref(), b"\x00\xff body");
    assert_eq!(headers, came);
}

#[test]
fn an_empty_body_is_no_payload_and_no_content_type_stays_none() {
    let event = one(&minimal(), b"").unwrap();
    assert_eq!(event.data(), &Data::Absent);
    assert_eq!(event.content_type(), None);
    assert!(!sent(&event).contains_key("content-type"));
}

#[test]
fn required_attributes_are_required_and_not_empty() {
    for name in ["specversion", "id", "source", "type"] {
        let mut headers = minimal();
        headers.remove(format!("ce-{name}").as_str());
        assert_eq!(invalid(one(&headers, b"")), format!("attribute `{name}`: is required"));
    }
    for (header, name) in [("ce-id", "id"), ("ce-source", "source"), ("ce-type", "type")] {
        assert_eq!(invalid(with(header, b"")), format!("attribute `{name}`: must not be empty"));
    }
    assert!(invalid(with("ce-subject", b"")).contains("`subject`: must not be empty"));
}

#[test]
fn a_message_without_any_attribute_says_how_to_send_one() {
    let refused = invalid(one(&headers(&[("content-type", "application/json")]), b"{}"));
    assert!(
        refused.starts_with("attribute `specversion`: is required, there are no `ce-` headers"),
        "{refused}"
    );
}

#[test]
fn versions_are_1_0_and_0_3() {
    assert_eq!(with("ce-specversion", b"0.3").unwrap().specversion(), "0.3");
    for version in ["19.0", "1", "1.0.2", "", "0.2"] {
        let refused = invalid(with("ce-specversion", version.as_bytes()));
        assert_eq!(refused, format!("attribute `specversion`: must be `1.0` or `0.3`; got `{version}`"));
    }
}

#[test]
fn values_are_decoded_for_readers_and_pass_byte_for_byte() {
    for (raw, value) in [
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        ("plain", "plain"),
        ("two words", "two words"),
        ("%e2%82%ac", "€"),
        ("%41unnecessary", "Aunnecessary"),
        ("100%", "100%"),
        ("%zz%4", "%zz%4"),
        ("%2520", "%20"),
        ("€ raw", "€ raw"),
        ("\"quoted \\\"text\\\" %C3%A4\"", "quoted \"text\" ä"),
        ("\"open", "\"open"),
        ("\"two\" \"strings\"", "\"two\" \"strings\""),
        ("\"", "\""),
    ] {
        let event = with("ce-subject", raw.as_bytes()).unwrap();
        assert_eq!(event.get("subject"), Some(value), "{raw}");
        assert_eq!(sent(&event)["ce-subject"].as_bytes(), raw.as_bytes(), "{raw}");
    }
}

#[test]
fn the_raw_value_is_kept_only_where_it_differs_from_the_canonical_one() {
    let raw = |header: &str| {
        let event = with("ce-subject", header.as_bytes()).unwrap();
        event.attributes().find(|a| a.name == "subject").unwrap().raw.map(str::to_owned)
    };
    assert_eq!(raw("a%20b"), None);
    assert_eq!(raw("a b"), Some("a b".to_owned()));
    assert_eq!(raw("%c3%a4"), Some("%c3%a4".to_owned()));
}

#[test]
fn an_attribute_that_was_not_a_header_is_encoded_by_the_rule() {
    let event = one(&minimal(), b"").unwrap();
    for (value, header) in [
        ("Euro € 😀", "Euro%20%E2%82%AC%20%F0%9F%98%80"),
        ("say \"hi\"", "say%20%22hi%22"),
        ("100%", "100%25"),
        ("~!x", "~!x"),
        ("", ""),
    ] {
        let event = EventBuilder::from(&event).set("ext", value).build().unwrap();
        assert_eq!(sent(&event)["ce-ext"], header);
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    assert!(invalid(with("ce-subject", b"\xff")).contains("`subject`: the header must be ASCII or UTF-8"));
    for encoded in ["%C0%A0", "%ff", "%ED%A0%80", "ok%E2%82"] {
        let refused = invalid(with("ce-subject", encoded.as_bytes()));
        assert_eq!(
            refused,
            format!("attribute `subject`: percent-encoded bytes must be UTF-8; got `{encoded}`")
        );
    }
}

#[test]
fn control_characters_and_noncharacters_are_refused() {
    for (value, code) in [
        ("a%0Ab", "U+000A"),
        ("%00", "U+0000"),
        ("%7F", "U+007F"),
        ("%C2%85", "U+0085"),
        ("%EF%BF%BE", "U+FFFE"),
        ("%EF%B7%90", "U+FDD0"),
        ("%F0%9F%BF%BF", "U+1FFFF"),
        ("\t%41", "U+0009"),
    ] {
        let refused = invalid(with("ce-ext", value.as_bytes()));
        assert!(refused.starts_with("attribute `ext`: must not contain control"), "{refused}");
        assert!(refused.ends_with(code), "{refused}");
    }
    assert!(with("ce-ext", "%EF%BF%BD".as_bytes()).is_ok(), "U+FFFD is a character");
}

#[test]
fn a_header_given_twice_is_refused() {
    for name in ["ce-id", "ce-ext"] {
        let mut headers = minimal();
        headers.insert(name, HeaderValue::from_static("a"));
        headers.append(name, HeaderValue::from_static("a"));
        let refused = invalid(one(&headers, b""));
        assert_eq!(refused, format!("attribute `{}`: is given more than once", &name[3..]));
    }
    let mut headers = minimal();
    headers.append("content-type", HeaderValue::from_static("text/plain"));
    headers.append("content-type", HeaderValue::from_static("text/plain"));
    assert!(invalid(one(&headers, b"")).contains("`datacontenttype`: there is more than one"));
}

#[test]
fn names_are_lower_case_letters_and_digits() {
    for name in ["ce-my-ext", "ce-my_ext", "ce-", "ce-a.b", "ce-data_base64"] {
        assert!(invalid(with(name, b"x")).contains("a name "), "{name}");
    }
    assert!(invalid(with("ce-data", b"x")).contains("`data`: is reserved for the payload"));
    assert!(with("ce-averylongnamewithmorethan20letters", b"x").is_ok());
    assert!(with("ce-0ext9", b"").is_ok(), "an empty extension value is accepted");
}

#[test]
fn the_content_type_is_the_content_type_header_and_no_other() {
    let refused = invalid(with("ce-datacontenttype", b"text/plain"));
    assert_eq!(refused, "attribute `datacontenttype`: is the `content-type` header in binary mode");
    for bad in ["", "json", "text/", "/plain", "te xt/plain"] {
        assert!(invalid(with("content-type", bad.as_bytes())).contains("must be a media type"), "{bad}");
    }
    assert!(invalid(with("content-type", "text/plain;a=ä".as_bytes())).contains("printable ASCII"));
}

#[test]
fn a_source_is_a_uri_reference() {
    for good in [
        "/s",
        "s",
        "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
        "//h/p?q#f",
        "#",
        "https://[::1]/",
        "mailto:a@b",
        "/50%",
    ] {
        assert_eq!(with("ce-source", good.as_bytes()).unwrap().source(), good);
    }
    for bad in ["/a b", "/a<b>", "a\\b", "{x}", "1a:b", ":x", "my_scheme:x"] {
        assert!(
            invalid(with("ce-source", bad.as_bytes())).contains("`source`: must be a URI reference"),
            "{bad}"
        );
    }
}

#[test]
fn a_uri_whose_header_was_not_encoded_once_more_is_taken_as_it_is() {
    let event = with("ce-source", b"/a%20b").unwrap();
    assert_eq!(event.source(), "/a%20b");
    assert_eq!(sent(&event)["ce-source"], "/a%20b");
    let by_the_rule = with("ce-source", b"/a%2520b").unwrap();
    assert_eq!(by_the_rule.source(), "/a%20b");
    assert_eq!(sent(&by_the_rule)["ce-source"], "/a%2520b");
}

#[test]
fn a_dataschema_is_an_absolute_uri() {
    assert!(with("ce-dataschema", b"https://example.com/schema#v1").is_ok());
    for bad in ["", "/schema", "schema.json", "https://exa mple.com"] {
        assert!(invalid(with("ce-dataschema", bad.as_bytes())).contains("`dataschema`: must"), "{bad}");
    }
}

#[test]
fn a_time_is_rfc_3339() {
    for good in [
        "2018-04-05T17:31:00Z",
        "2018-04-05t17:31:00.5z",
        "2024-02-29T00:00:00-23:59",
        "2000-02-29T23:59:60.000000000000Z",
    ] {
        assert_eq!(with("ce-time", good.as_bytes()).unwrap().get("time"), Some(good));
    }
    for bad in [
        "",
        "2018-04-05",
        "2018-04-05 17:31:00Z",
        "2018-04-05T17:31:00",
        "2018-04-05T17:31:00+0100",
        "2018-13-05T17:31:00Z",
        "2018-00-05T17:31:00Z",
        "2018-04-31T17:31:00Z",
        "2019-02-29T17:31:00Z",
        "1900-02-29T17:31:00Z",
        "2018-04-05T24:00:00Z",
        "2018-04-05T17:60:00Z",
        "2018-04-05T17:31:61Z",
        "2018-04-05T17:31:00.Z",
        "2018-04-05T17:31:00+24:00",
        "2018-04-05T17:31:00+01:60",
        "2018-04-05T17:31:00Zx",
        "18-04-05T17:31:00Z",
        "2018-04-05T17:31:00+1:00",
        "2018-04-05T17:31:00+01:000",
    ] {
        assert!(invalid(with("ce-time", bad.as_bytes())).contains("`time`: must be an RFC 3339"), "{bad}");
    }
}

#[test]
fn version_0_3_has_its_own_attributes() {
    let mut headers = minimal();
    headers.insert("ce-specversion", HeaderValue::from_static("0.3"));
    headers.insert("ce-schemaurl", HeaderValue::from_static("/schema"));
    headers.insert("ce-datacontentencoding", HeaderValue::from_static("Base64"));
    headers.insert("ce-dataschema", HeaderValue::from_static("not of 0.3"));
    let event = one(&headers, b"body").unwrap();
    assert_eq!(sent(&event), headers);
    headers.insert("ce-schemaurl", HeaderValue::from_static("a b"));
    assert!(invalid(one(&headers, b"")).contains("`schemaurl`"));
    headers.insert("ce-schemaurl", HeaderValue::from_static("/s"));
    headers.insert("ce-datacontentencoding", HeaderValue::from_static("7bit"));
    assert!(invalid(one(&headers, b"")).contains("`datacontentencoding`: must be `base64`"));
    headers.insert("ce-specversion", HeaderValue::from_static("1.0"));
    headers.insert("ce-dataschema", HeaderValue::from_static("https://example.com"));
    assert!(one(&headers, b"").is_ok(), "in 1.0 they are extensions");
}

#[test]
fn an_encoded_body_is_not_supported() {
    for coding in ["gzip", "br", "identity, gzip", "x"] {
        let mut headers = minimal();
        headers.insert("content-encoding", HeaderValue::from_static(coding));
        assert!(matches!(decode(&headers, Bytes::new()), Err(DecodeError::Unsupported(_))), "{coding}");
    }
    assert!(with("content-encoding", b"Identity").is_ok());
}

#[test]
fn a_message_is_one_short_line_whatever_came() {
    let long = "x".repeat(10_000);
    let refused = invalid(with("ce-time", long.as_bytes()));
    assert!(refused.len() < 200, "{refused}");
    let refused = invalid(with("ce-specversion", "\u{202e}1.0".as_bytes()));
    assert!(!refused.contains('\u{202e}'), "{refused}");
}

#[test]
fn too_many_attributes_are_refused() {
    let mut headers = minimal();
    for n in 0..252 {
        headers
            .insert(http::HeaderName::try_from(format!("ce-x{n}")).unwrap(), HeaderValue::from_static("v"));
    }
    assert!(one(&headers, b"").is_ok());
    headers.insert("ce-y", HeaderValue::from_static("v"));
    assert!(invalid(one(&headers, b"")).contains("at most 256 attributes"));
}

#[test]
fn an_event_made_from_an_event_is_valid() {
    let mut headers = minimal();
    headers.insert("ce-source", HeaderValue::from_static("/a%20b"));
    headers.insert("ce-subject", HeaderValue::from_static("a b"));
    headers.insert("ce-knativebrokerttl", HeaderValue::from_static("9"));
    let event = one(&headers, b"x").unwrap();
    let rest = EventBuilder::from(&event).unset("knativebrokerttl").build().unwrap();
    headers.remove("ce-knativebrokerttl");
    assert_eq!(sent(&rest), headers);
    assert_eq!(rest.data(), event.data());
    assert!(rest.attributes().all(|a| a.kind == Kind::String));
}
