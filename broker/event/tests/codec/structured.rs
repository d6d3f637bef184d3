//! Structured mode: each rule of the JSON format and of `interface.md` section 3.

use crate::wire::{headers, invalid, one};
use bytes::Bytes;
use event::http::{DecodeError, decode, encode};
use event::{Data, Event, EventBuilder, Kind, Mode, json};
use http::HeaderMap;

const START: &str = r#"{"specversion":"1.0","id":"1","source":"/s","type":"t""#;

/// An event with these members more.
fn with(members: &str) -> Result<Event, String> {
    read(&format!("{START}{members}}}"))
}

fn read(text: &str) -> Result<Event, String> {
    json::decode(&Bytes::copy_from_slice(text.as_bytes())).map_err(|e| e.to_string())
}

fn written(event: &Event) -> String {
    let mut out = Vec::new();
    json::encode(event, &mut out);
    String::from_utf8(out).unwrap()
}

fn binary(event: &Event) -> (HeaderMap, Bytes) {
    let mut headers = HeaderMap::new();
    let body = encode(event, Mode::Binary, &mut headers);
    (headers, body)
}

/// A binary-mode event with this content type and body, written structured.
fn rewritten(content_type: Option<&'static str>, body: &[u8]) -> String {
    let mut headers = crate::wire::minimal();
    if let Some(content_type) = content_type {
        headers.insert("content-type", http::HeaderValue::from_static(content_type));
    }
    written(&one(&headers, body).unwrap())
}

#[test]
fn an_event_passes_unchanged() {
    let text = r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","n":-5,"b":false,"datacontenttype":"application/json","s":"ä \"q\"","data":{"b" : 1.00, "a":[1e999, "\ud800", null]}}"#;
    let event = read(text).unwrap();
    assert_eq!(event.mode(), Mode::Structured);
    assert_eq!(written(&event), text);
    assert_eq!(binary(&event).1, r#"{"b" : 1.00, "a":[1e999, "\ud800", null]}"#);
}

#[test]
fn the_content_type_chooses_the_mode_in_any_case_and_with_parameters() {
    for content_type in [
        "application/cloudevents+json",
        "Application/CloudEvents+JSON",
        "application/cloudevents+json; charset=utf-8",
        "application/cloudevents+json;charset=\"UTF-8\" ; x=y",
    ] {
        let headers = headers(&[("content-type", content_type), ("ce-id", "ignored")]);
        assert_eq!(one(&headers, format!("{START}}}").as_bytes()).unwrap().id(), "1");
    }
    for content_type in [
        "application/cloudevents+avro",
        "application/cloudevents+xml; charset=utf-8",
        "APPLICATION/CLOUDEVENTS-BATCH+avro",
        "application/cloudevents",
        "application/cloudeventsjson",
    ] {
        let headers = headers(&[("content-type", content_type)]);
        let refused = decode(&headers, Bytes::new()).unwrap_err();
        assert!(matches!(refused, DecodeError::Unsupported(_)), "{content_type}: {refused}");
    }
    let encoded = headers(&[("content-type", "application/cloudevents+json"), ("content-encoding", "gzip")]);
    assert!(matches!(decode(&encoded, Bytes::new()), Err(DecodeError::Unsupported(_))));
}

#[test]
fn it_is_sent_with_the_format_s_content_type() {
    let mut headers = HeaderMap::new();
    let body = encode(&with("").unwrap(), Mode::Structured, &mut headers);
    assert_eq!(headers["content-type"], "application/cloudevents+json");
    assert_eq!(headers.len(), 1);
    assert!(body.starts_with(START.as_bytes()));
}

#[test]
fn what_is_not_one_json_object_is_refused() {
    for text in
        ["", "[]", "null", "1", "\"x\"", "{", "{\"id\":}", "{}{}", "{'id':1}", "\u{feff}{}", "{\"id\" \"1\"}"]
    {
        let refused = invalid(read(text));
        assert!(
            refused.starts_with("the body is not as the JSON format wants it: ")
                || refused.contains("is required"),
            "{text}: {refused}"
        );
    }
    assert!(invalid(read(&format!("{START}}} x"))).contains("trailing characters"));
    let bytes = json::decode(&Bytes::from_static(b"{\"id\":\"\xff\"}")).unwrap_err().to_string();
    assert_eq!(bytes, "the body is not UTF-8, byte 7 is wrong");
    let long = format!("\"{}\"", "x".repeat(10_000));
    assert!(invalid(read(&long)).len() < 300);
}

#[test]
fn required_attributes_are_required() {
    for name in ["specversion", "id", "source", "type"] {
        let renamed = format!("{START}}}").replace(&format!("\"{name}\""), "\"other\"");
        assert_eq!(invalid(read(&renamed)), format!("attribute `{name}`: is required"));
    }
    let null = format!("{START}}}").replace("\"id\":\"1\"", "\"id\":null");
    assert_eq!(invalid(read(&null)), "attribute `id`: is required");
    let number = format!("{START}}}").replace("\"id\":\"1\"", "\"id\":1");
    assert_eq!(invalid(read(&number)), "attribute `id`: must be a string; got `1`");
    let version = format!("{START}}}").replace("\"1.0\"", "1.0");
    assert!(invalid(read(&version)).starts_with("attribute `specversion`: "));
}

#[test]
fn extensions_are_strings_integers_and_booleans() {
    let event = with(r#","s":"","i":2147483647,"j":-2147483648,"z":-0,"t":true"#).unwrap();
    let kinds: Vec<_> = event.attributes().skip(4).map(|a| (a.name, a.value, a.kind)).collect();
    assert_eq!(
        kinds,
        [
            ("s", "", Kind::String),
            ("i", "2147483647", Kind::Integer),
            ("j", "-2147483648", Kind::Integer),
            ("z", "0", Kind::Integer),
            ("t", "true", Kind::Boolean),
            ("datacontenttype", "application/json", Kind::String),
        ]
    );
    assert_eq!(binary(&event).0["ce-i"], "2147483647");
    for number in ["1.5", "1.0", "1e2", "2147483648", "-2147483649", "99999999999999999999999"] {
        let refused = invalid(with(&format!(",\"x\":{number}")));
        assert_eq!(
            refused,
            format!("attribute `x`: a number must be an integer of at most 32 bits; got `{number}`")
        );
    }
    for value in ["{\"a\":1}", "[]"] {
        let refused = invalid(with(&format!(",\"x\":{value}")));
        assert!(
            refused.starts_with("attribute `x`: must be a string, an integer or a boolean; got "),
            "{refused}"
        );
    }
}

#[test]
fn core_attributes_are_strings_by_the_rules_of_binary_mode() {
    for (member, rule) in [
        (r#""subject":"""#, "`subject`: must not be empty"),
        (r#""subject":5"#, "`subject`: must be a string"),
        (r#""time":"yesterday""#, "`time`: must be an RFC 3339"),
        (r#""time":1234"#, "`time`: must be"),
        (r#""dataschema":"""#, "`dataschema`: must not be empty"),
        (r#""dataschema":"relative""#, "`dataschema`: must be an absolute URI"),
        (r#""datacontenttype":"""#, "`datacontenttype`: must be a media type"),
        (r#""datacontenttype":"text/ä""#, "`datacontenttype`: must be a media type"),
        (r#""datacontenttype":true"#, "`datacontenttype`: must be"),
    ] {
        let refused = invalid(with(&format!(",{member}")));
        assert!(refused.starts_with(&format!("attribute {rule}")), "{member}: {refused}");
    }
    let space = format!("{START}}}").replace("/s", "/a b");
    assert!(invalid(read(&space)).contains("`source`: must be a URI reference, ' ' must be percent-encoded"));
    let encoded = read(&format!("{START}}}").replace("/s", "/a%20b")).unwrap();
    assert_eq!(encoded.source(), "/a%20b");
    assert_eq!(binary(&encoded).0["ce-source"], "/a%2520b");
}

#[test]
fn strings_have_no_control_characters_noncharacters_or_lone_surrogates() {
    for escape in ["\\n", "\\u0000", "\\u007f", "\\u0085", "\\uffff", "\\ufdd0", "\\ud83f\\udffe"] {
        let refused = invalid(with(&format!(",\"x\":\"a{escape}\"")));
        assert!(refused.starts_with("attribute `x`: must not contain control"), "{escape}: {refused}");
    }
    for escape in ["\\ud800", "\\udc00\\ud800", "\\ud83d x"] {
        let refused = invalid(with(&format!(",\"x\":\"a{escape}\"")));
        assert!(
            refused.starts_with("attribute `x`: has an escape that is no Unicode"),
            "{escape}: {refused}"
        );
    }
    assert_eq!(with(r#","x":"\ud83d\ude00 \/ \u00e4""#).unwrap().get("x"), Some("😀 / ä"));
}

#[test]
fn names_are_lower_case_letters_and_digits() {
    for name in ["Id", "comExample", "my-ext", "my_ext", "", "ä", "a b"] {
        for value in ["\"v\"", "null"] {
            let refused = invalid(with(&format!(",\"{name}\":{value}")));
            assert!(refused.contains("a name "), "{name}: {refused}");
        }
    }
}

#[test]
fn members_are_given_once_however_they_are_spelled() {
    for (first, second) in [
        (r#""x":"a""#, r#""x":"a""#),
        (r#""x":null"#, r#""x":"a""#),
        (r#""x":"a""#, r#""x":null"#),
        (r#""x":null"#, r#""x":null"#),
        (r#""x":1"#, r#""\u0078":1"#),
    ] {
        let refused = invalid(with(&format!(",{first},{second}")));
        assert_eq!(refused, "attribute `x`: is given more than once");
    }
    assert_eq!(invalid(with(r#","id":"2""#)), "attribute `id`: is given more than once");
    assert_eq!(invalid(with(r#","data":1,"data":1"#)), "attribute `data`: is given more than once");
    let base64 = invalid(with(r#","data_base64":"","data_base64":"""#));
    assert_eq!(base64, "attribute `data_base64`: is given more than once");
}

#[test]
fn null_attributes_are_absent() {
    let event = with(r#","subject":null,"x":null,"datacontenttype":null,"data_base64":null"#).unwrap();
    assert_eq!(event.attributes().count(), 5);
    assert_eq!(event.content_type(), Some("application/json"));
    assert_eq!(event.data(), &Data::Absent);
}

#[test]
fn no_content_type_means_json() {
    for members in ["", r#","data":{"a":1}"#, r#","data":"text""#] {
        let event = with(members).unwrap();
        assert_eq!(event.get("datacontenttype"), Some("application/json"), "{members}");
        assert_eq!(binary(&event).0["content-type"], "application/json", "{members}");
    }
    assert_eq!(binary(&with(r#","data":"text""#).unwrap()).1, "\"text\"");
}

#[test]
fn base64_without_a_content_type_says_nothing_about_it() {
    let event = with(r#","data_base64":"AP8=""#).unwrap();
    assert_eq!(event.content_type(), None);
    assert_eq!(binary(&event).1.as_ref(), b"\x00\xff");
}

#[test]
fn null_data_is_a_value() {
    let event = with(r#","data":null"#).unwrap();
    assert_eq!(event.data(), &Data::Json(Bytes::from_static(b"null")));
    assert_eq!(binary(&event).1, "null");
    assert!(written(&event).ends_with(r#","data":null}"#));
    assert!(!written(&with("").unwrap()).contains("data\":"));
}

#[test]
fn a_string_of_another_content_type_is_the_text_itself() {
    let event = with(r#","datacontenttype":"text/xml","data":"<a b=\"1\">\n\u0000</a>""#).unwrap();
    assert_eq!(binary(&event).1, "<a b=\"1\">\n\0</a>");
    assert!(written(&event).ends_with(r#""data":"<a b=\"1\">\n\u0000</a>"}"#));
    let plain = with(r#","datacontenttype":"text/plain","data":"as it is""#).unwrap();
    assert_eq!(plain.data(), &Data::Text(Bytes::from_static(b"as it is")));
    let json = with(r#","datacontenttype":"application/vnd.x+JSON; a=b","data":"s""#).unwrap();
    assert_eq!(binary(&json).1, "\"s\"");
    let object = with(r#","datacontenttype":"text/xml","data":{"a":1}"#).unwrap();
    assert_eq!(binary(&object).1, "{\"a\":1}");
    let lone = invalid(with(r#","datacontenttype":"text/plain","data":"\ud800""#));
    assert!(lone.starts_with("attribute `data`: has an escape that is no Unicode"), "{lone}");
}

#[test]
fn base64_stays_base64() {
    let event = with(r#","datacontenttype":"application/json","data_base64":"eyJhIjoxfQ==""#).unwrap();
    assert_eq!(binary(&event).1, "{\"a\":1}");
    assert!(written(&event).ends_with(r#""data_base64":"eyJhIjoxfQ=="}"#));
    let empty = with(r#","data_base64":"""#).unwrap();
    assert!(written(&empty).ends_with(r#","data_base64":""}"#));
    for bad in ["\"eyJ\"", "\"e*==\"", "\"eyJhIjoxfR==\"", "1", "{}", "\"-_-_\""] {
        assert!(
            invalid(with(&format!(",\"data_base64\":{bad}"))).starts_with("attribute `data_base64`: must be"),
            "{bad}"
        );
    }
}

#[test]
fn data_and_data_base64_exclude_each_other() {
    for data in ["1", "null"] {
        let refused = invalid(with(&format!(",\"data\":{data},\"data_base64\":\"AA==\"")));
        assert_eq!(refused, "attribute `data`: must not stand beside `data_base64`");
    }
}

#[test]
fn a_binary_body_becomes_what_its_content_type_says() {
    let end = |content_type, body: &[u8]| {
        let text = rewritten(content_type, body);
        text[text.find(",\"data").unwrap()..]
            .replace(&format!(",\"datacontenttype\":\"{}\"", content_type.unwrap_or("")), "")
    };
    assert_eq!(end(Some("application/json"), b" {\"a\" : 1} "), ",\"data\": {\"a\" : 1} }");
    assert_eq!(end(Some("application/x+json; v=1"), b"1"), ",\"data\":1}");
    assert_eq!(end(Some("application/json"), b"{broken"), ",\"data_base64\":\"e2Jyb2tlbg==\"}");
    assert_eq!(end(Some("application/json"), b"\"\xff\""), ",\"data_base64\":\"Iv8i\"}");
    assert_eq!(end(Some("text/plain"), "\"ä\"".as_bytes()), ",\"data\":\"\\\"ä\\\"\"}");
    assert_eq!(end(Some("application/octet-stream"), b"\xff"), ",\"data_base64\":\"/w==\"}");
    assert_eq!(end(None, b"{}"), ",\"data_base64\":\"e30=\"}");
    assert!(!rewritten(None, b"").contains("data"));
}

#[test]
fn a_payload_with_a_changed_content_type_keeps_its_bytes() {
    let string = with(r#","data":"x""#).unwrap();
    let as_text = EventBuilder::from(&string).set("datacontenttype", "text/plain").build().unwrap();
    assert_eq!(read(&written(&as_text)).unwrap().data().bytes(), "\"x\"");
    let text = with(r#","datacontenttype":"text/plain","data":"x""#).unwrap();
    let as_json = EventBuilder::from(&text).set("datacontenttype", "application/json").build().unwrap();
    assert_eq!(read(&written(&as_json)).unwrap().data().bytes(), "x");
    let untyped = EventBuilder::from(&text).unset("datacontenttype").build().unwrap();
    assert_eq!(read(&written(&untyped)).unwrap().data().bytes(), "x");
}

#[test]
fn json_of_any_depth_is_no_danger() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let event = with(&format!(",\"data\":{deep}")).unwrap();
    assert_eq!(binary(&event).1, deep.as_str());
    assert!(rewritten(Some("application/json"), deep.as_bytes()).ends_with(&format!(",\"data\":{deep}}}")));
    assert!(invalid(with(&format!(",\"x\":{deep}"))).len() < 200);
}

#[test]
fn too_many_members_are_refused() {
    for value in ["0", "null"] {
        let many: String = (0..300).map(|n| format!(",\"x{n}\":{value}")).collect();
        assert!(invalid(with(&many)).contains("at most 256 attributes"));
    }
}

#[test]
fn version_0_3_marks_base64_by_an_attribute() {
    let start = START.replace("1.0", "0.3");
    let text = format!(
        r#"{start},"datacontentencoding":"base64","datacontenttype":"image/png","schemaurl":"s","data":"AP8="}}"#
    );
    let event = read(&text).unwrap();
    assert_eq!(event.data(), &Data::Base64(Bytes::from_static(b"\x00\xff")));
    assert_eq!(written(&event), text);
    let (headers, body) = binary(&event);
    assert_eq!((headers.get("ce-datacontentencoding"), body.as_ref()), (None, &b"\x00\xff"[..]));
    assert_eq!(headers["ce-specversion"], "0.3");
    assert_eq!(headers["ce-schemaurl"], "s");
    let object = format!(
        r#"{start},"datacontentencoding":"base64","datacontenttype":"application/json","data":{{"a":1}}}}"#
    );
    assert_eq!(written(&read(&object).unwrap()), object, "it is ignored beside what is no string");
    let bad = read(&format!(r#"{start},"datacontentencoding":"base64","data":"*"}}"#));
    assert!(invalid(bad).starts_with("attribute `data`: must be base64"));
    let new = read(&format!(r#"{start},"data_base64":"AA=="}}"#));
    assert!(invalid(new).starts_with("attribute `data_base64`: is not part of CloudEvents 0.3"));
}

#[test]
fn a_binary_body_of_version_0_3_becomes_marked_base64() {
    let mut headers = crate::wire::minimal();
    headers.insert("ce-specversion", http::HeaderValue::from_static("0.3"));
    let event = one(&headers, b"\xff").unwrap();
    assert!(written(&event).ends_with(r#","datacontentencoding":"base64","data":"/w=="}"#));
    headers.insert("content-type", http::HeaderValue::from_static("text/plain"));
    headers.insert("ce-datacontentencoding", http::HeaderValue::from_static("base64"));
    let marked = one(&headers, b"text").unwrap();
    assert!(written(&marked).ends_with(r#""data":"dGV4dA=="}"#));
    assert_eq!(read(&written(&marked)).unwrap().data().bytes(), "text");
}

#[test]
fn the_builder_refuses_a_payload_that_is_not_what_it_claims() {
    let build = |data| EventBuilder::from(&with("").unwrap()).data(data).build();
    assert_eq!(build(Data::Json(Bytes::from_static(b"{"))).unwrap_err().name, "data");
    assert_eq!(build(Data::Json(Bytes::from_static(b"\"\xff\""))).unwrap_err().name, "data");
    assert_eq!(build(Data::Text(Bytes::from_static(b"\xff"))).unwrap_err().name, "data");
    assert!(build(Data::Bytes(Bytes::from_static(b"\xff"))).is_ok());
}
