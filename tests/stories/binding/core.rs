//! CloudEvents 1.0, the core specification.

use super::{EVENT, JSON, Lab, STRUCTURED, post};
use serde_json::json;

#[tokio::test]
async fn naming_lower_case_letters_and_digits() {
    let lab = Lab::writing("json").await;
    for name in ["a", "z9", "9z", "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd"] {
        assert_eq!(lab.pass_binary(&format!("ce-{name}: v\r\n")).await.json()[name], "v");
        assert_eq!(lab.pass_json(&format!(r#","{name}":"v""#)).await.json()[name], "v");
    }
    for name in ["my-ext", "my_ext", "a.b", ""] {
        assert!(lab.refuse_binary(&format!("ce-{name}: v\r\n")).await.contains("a name "), "{name}");
    }
    for name in ["Id", "comExample", "my-ext", "ä", "a b", ""] {
        assert!(lab.refuse_json(&format!(r#","{name}":"v""#)).await.contains("a name "), "{name}");
    }
}

#[tokio::test]
async fn naming_data_is_no_attribute() {
    let lab = Lab::new().await;
    assert_eq!(lab.refuse_binary("ce-data: v\r\n").await, "attribute `data`: is reserved for the payload");
}

#[tokio::test]
async fn types_string_has_no_control_characters_noncharacters_or_lone_surrogates() {
    let lab = Lab::new().await;
    for escape in ["\\n", "\\u0000", "\\u001f", "\\u007f", "\\u009f", "\\ufdd0", "\\uffff", "\\ud83f\\udffe"]
    {
        let why = lab.refuse_json(&format!(r#","x":"a{escape}""#)).await;
        assert!(why.starts_with("attribute `x`: must not contain control"), "{escape}: {why}");
    }
    for escape in ["\\udead", "\\ud800", "\\ud83d x"] {
        let why = lab.refuse_json(&format!(r#","x":"a{escape}""#)).await;
        assert!(why.starts_with("attribute `x`: has an escape that is no Unicode"), "{escape}: {why}");
    }
    assert!(lab.refuse_binary("ce-x: %EF%BF%BF\r\n").await.contains("got U+FFFF"));
    assert_eq!(lab.pass_json(r#","x":"\ud83d\ude00""#).await.json()["x"], "😀");
}

#[tokio::test]
async fn required_id_is_not_empty() {
    let lab = Lab::new().await;
    let empty = EVENT.replace("ce-id: 1", "ce-id: ");
    assert_eq!(lab.refuse(400, empty, "").await, "attribute `id`: must not be empty");
    let json = JSON.replace(r#""id":"1""#, r#""id":"""#);
    assert_eq!(lab.refuse(400, STRUCTURED, json + "}").await, "attribute `id`: must not be empty");
}

#[tokio::test]
async fn required_source_is_a_uri_reference() {
    let lab = Lab::new().await;
    for source in [
        "https://github.com/cloudevents",
        "mailto:cncf-wg-serverless@lists.cncf.io",
        "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
        "/sensors/tn-1234567/alerts",
        "1-555-123-4567",
        "//host:8080/a?b=c#d",
        "http://[2001:db8::1]:80/x",
        "/a%20b",
        "../up",
    ] {
        let got = lab.pass(EVENT.replace("ce-source: /s", &format!("ce-source: {source}")), "").await;
        assert_eq!(got.header("ce-source"), source);
        let got = lab.pass(STRUCTURED, format!("{}}}", JSON.replace("/s", source))).await;
        assert_eq!(got.json()["source"], source);
    }
    for (source, rule) in [
        ("", "must not be empty"),
        ("/a b", "' ' must be percent-encoded"),
        ("/a<b", "'<' must be percent-encoded"),
        ("1http://x", "is no scheme"),
        ("/a#b#c", "a second `#`"),
        ("http://[::1/x", "brackets"),
        ("/a[b]", "brackets"),
        ("http://h:80x/", "port"),
    ] {
        let why = lab.refuse(400, STRUCTURED, format!("{}}}", JSON.replace("/s", source))).await;
        assert!(why.starts_with("attribute `source`: ") && why.contains(rule), "{source}: {why}");
    }
}

#[tokio::test]
async fn required_specversion_is_a_version_that_is_known() {
    let lab = Lab::new().await;
    for version in ["19.0", "1", "1.0.2", "0.2", ""] {
        let why = lab.refuse(400, EVENT.replace("1.0", version), "").await;
        assert_eq!(why, format!("attribute `specversion`: must be `1.0` or `0.3`; got `{version}`"));
    }
}

#[tokio::test]
async fn required_type_is_not_empty() {
    let lab = Lab::new().await;
    let why = lab.refuse(400, EVENT.replace("ce-type: t", "ce-type: "), "").await;
    assert_eq!(why, "attribute `type`: must not be empty");
}

#[tokio::test]
async fn optional_datacontenttype_may_stand_without_data() {
    let lab = Lab::new().await;
    let got = lab.pass_binary("Content-Type: text/xml\r\n").await;
    assert_eq!((got.header("content-type"), got.body.len()), ("text/xml".into(), 0));
    let got = lab.pass_json(r#","datacontenttype":"text/xml""#).await.json();
    assert_eq!((&got["datacontenttype"], got.get("data")), (&json!("text/xml"), None));
}

#[tokio::test]
async fn optional_datacontenttype_is_read_in_any_case() {
    let lab = Lab::writing("json").await;
    let got =
        lab.pass(format!("{EVENT}Content-Type: Application/JSON; CharSet=utf-8\r\n"), "[1]").await.json();
    assert_eq!(
        (&got["data"], &got["datacontenttype"]),
        (&json!([1]), &json!("Application/JSON; CharSet=utf-8"))
    );
}

#[tokio::test]
async fn optional_dataschema_is_a_uri() {
    let lab = Lab::new().await;
    for schema in ["https://example.com/schema", "urn:a:b", "https://example.com/schema#v1"] {
        assert_eq!(
            lab.pass_binary(&format!("ce-dataschema: {schema}\r\n")).await.header("ce-dataschema"),
            schema
        );
    }
    for (schema, rule) in
        [("", "must not be empty"), ("/relative", "must be an absolute URI"), ("a:b c", "percent-encoded")]
    {
        let why = lab.refuse_json(&format!(r#","dataschema":"{schema}""#)).await;
        assert!(why.starts_with("attribute `dataschema`: ") && why.contains(rule), "{schema}: {why}");
    }
}

#[tokio::test]
async fn optional_subject_is_not_empty() {
    let lab = Lab::new().await;
    assert_eq!(lab.refuse_binary("ce-subject: \r\n").await, "attribute `subject`: must not be empty");
    assert_eq!(lab.refuse_json(r#","subject":"""#).await, "attribute `subject`: must not be empty");
}

#[tokio::test]
async fn optional_time_is_rfc_3339_and_passes_unchanged() {
    let lab = Lab::new().await;
    for time in [
        "2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00.123456789Z",
        "2026-01-31t12:00:00z",
        "2024-02-29T23:59:60+23:59",
        "0000-01-01T00:00:00-00:00",
    ] {
        assert_eq!(lab.pass_binary(&format!("ce-time: {time}\r\n")).await.header("ce-time"), time);
        assert_eq!(lab.pass_json(&format!(r#","time":"{time}""#)).await.json()["time"], time);
    }
    for time in [
        "yesterday",
        "2026-01-31",
        "2026-01-31T12:00:00",
        "2026-01-31 12:00:00Z",
        "2026-02-29T12:00:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T12:00:00.Z",
        "2026-01-31T12:00:00+1:00",
    ] {
        let why = lab.refuse_json(&format!(r#","time":"{time}""#)).await;
        assert!(why.starts_with("attribute `time`: must be an RFC 3339 timestamp"), "{time}: {why}");
    }
}

#[tokio::test]
async fn extensions_have_distinct_names() {
    let lab = Lab::new().await;
    for twice in ["ce-x: 1\r\nce-x: 1\r\n", "ce-x: 1\r\nCE-X: 2\r\n"] {
        assert_eq!(lab.refuse_binary(twice).await, "attribute `x`: is given more than once");
    }
    assert_eq!(lab.refuse_binary("ce-id: 2\r\n").await, "attribute `id`: is given more than once");
}

#[tokio::test]
async fn extensions_of_any_number_are_passed_on() {
    let lab = Lab::new().await;
    let headers: String = (0..80).map(|n| format!("ce-x{n}: {n}\r\n")).collect();
    let got = lab.pass_binary(&headers).await;
    assert!((0..80).all(|n| got.header(&format!("ce-x{n}")) == n.to_string()));
    let members: String = (0..240).map(|n| format!(r#","x{n}":{n}"#)).collect();
    let got = lab.pass_json(&members).await.json();
    assert!((0..240).all(|n| got[format!("x{n}")] == n));
    let members: String = (0..300).map(|n| format!(r#","x{n}":{n}"#)).collect();
    assert!(lab.refuse_json(&members).await.contains("at most 256 attributes"));
}

#[tokio::test]
async fn data_may_be_absent() {
    for (format, lab) in [("binary", Lab::writing("binary").await), ("json", Lab::writing("json").await)] {
        let got = lab.pass_binary("").await;
        assert_eq!(got.body.is_empty(), format == "binary");
        assert!(!got.text().contains("data"), "{got:?}");
    }
}

#[tokio::test]
async fn size_64_kib_are_forwarded_wherever_they_stand() {
    let lab = Lab::new().await;
    let wire = 64 * 1024;
    let start = post("/default/shop", format!("{EVENT}ce-x: \r\n").as_bytes(), b"").len();
    let long = "x".repeat(wire - start);
    assert_eq!(lab.pass_binary(&format!("ce-x: {long}\r\n")).await.header("ce-x"), long, "in a header");
    let body = vec![b'x'; wire];
    assert_eq!(lab.pass(EVENT, &body).await.body, body, "in the body");
    let got = lab.pass_json(&format!(r#","x":"{long}""#)).await;
    assert_eq!(got.json()["x"], long, "in a member");
}

#[tokio::test]
async fn size_of_the_largest_event_is_a_flag() {
    let lab = Lab::new().await;
    let body = vec![b'x'; 1024 * 1024];
    assert_eq!(lab.pass(EVENT, &body).await.body.len(), body.len());
    let why = lab.refuse(413, EVENT, [&body[..], b"x"].concat()).await;
    assert!(why.contains("1048576 bytes") && why.contains("--max-event-size"), "{why}");
}

#[tokio::test]
async fn duplicates_are_taken_and_passed_on() {
    let lab = Lab::new().await;
    for _ in 0..3 {
        lab.accept(EVENT, "").await;
    }
    assert_eq!(lab.sink.got(3).await.len(), 3);
}
