//! HTTP protocol binding 1.0.

use super::{BATCH, EVENT, JSON, Lab, STRUCTURED, answer};
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tests::{RawSink, Trigger};

#[tokio::test]
async fn s1_2_http_2_carries_the_same_mapping() {
    let lab = Lab::new().await;
    let host = lab.mesh.events("").trim_start_matches("http://").to_owned();
    let stream = TokioIo::new(tokio::net::TcpStream::connect(host).await.unwrap());
    let (mut requests, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    let driving = tokio::spawn(connection);
    let request = hyper::Request::post("http://test/default/shop")
        .header("ce-specversion", "1.0")
        .header("ce-id", "1")
        .header("ce-source", "/s")
        .header("ce-type", "t")
        .header("ce-color", "Euro%20%E2%82%AC")
        .header("content-type", "text/plain")
        .body(Full::new(Bytes::from_static(b"hello")))
        .unwrap();
    assert_eq!(requests.send_request(request).await.unwrap().status(), 202);
    let got = lab.sink.got(1).await.remove(0);
    assert_eq!((got.header("ce-id"), got.header("ce-color")), ("1".into(), "Euro%20%E2%82%AC".into()));
    assert_eq!((got.header("content-type"), got.text()), ("text/plain".into(), "hello".into()));
    driving.abort();
}

#[tokio::test]
async fn s1_3_all_three_content_modes_are_read() {
    let lab = Lab::writing("binary").await;
    assert_eq!(lab.pass_binary("").await.header("ce-id"), "1");
    assert_eq!(lab.pass_json("").await.header("ce-id"), "1");
    assert_eq!(lab.pass(BATCH, format!("[{JSON}}}]")).await.header("ce-id"), "1");
}

#[tokio::test]
async fn s1_3_binary_and_structured_mode_are_written() {
    for format in ["binary", "json"] {
        let lab = Lab::writing(format).await;
        for got in [lab.pass_binary("").await, lab.pass_json("").await] {
            assert_eq!(got.has("ce-id"), format == "binary", "{got:?}");
            assert_eq!(got.json()["id"] == "1", format == "json", "{got:?}");
        }
    }
}

#[tokio::test]
async fn s1_4_structured_mode_knows_the_json_format() {
    let lab = Lab::new().await;
    let got = lab.pass_json(r#","data":{"a":1}"#).await;
    assert_eq!(got.header("content-type"), "application/cloudevents+json");
    assert_eq!(got.json()["data"]["a"], 1);
}

#[tokio::test]
async fn s2_1_datacontenttype_is_a_media_type() {
    let lab = Lab::new().await;
    for fine in ["text/plain", "application/vnd.x+json; a=b", "image/svg+xml;charset=\"utf-8\""] {
        let got = lab.pass_binary(&format!("Content-Type: {fine}\r\n")).await;
        assert_eq!(got.header("content-type"), fine);
    }
    for wrong in ["text", "text/", "/plain", "a b/c"] {
        let why = lab.refuse_binary(&format!("Content-Type: {wrong}\r\n")).await;
        assert!(why.starts_with("attribute `datacontenttype`: must be a media type"), "{why}");
    }
}

#[tokio::test]
async fn s2_2_every_byte_of_the_data_passes() {
    let lab = Lab::new().await;
    let all: Vec<u8> = (0..=255).collect();
    for content_type in
        ["", "Content-Type: application/json\r\n", "Content-Type: text/plain; charset=utf-16\r\n"]
    {
        assert_eq!(lab.pass(format!("{EVENT}{content_type}"), &all).await.body, all, "{content_type}");
    }
}

#[tokio::test]
async fn s3_a_reply_is_mapped_as_a_request_is() {
    let listener = RawSink::start().await;
    let lab = Lab::with(|trigger| trigger.of_type("t")).await;
    let tell = Trigger::new("tell", &listener.url()).of_type("reply").delivery("format: binary");
    lab.declare("tell", &tell.to_string()).await;
    let event = EVENT.replace("ce-type: t", "ce-type: reply").replace("ce-id: 1", "ce-id: binary");
    let json = JSON.replace(r#""type":"t""#, r#""type":"reply""#).replace(r#""id":"1""#, r#""id":"json""#);
    for (headers, body, id) in [
        (format!("{event}ce-subject: a%20b\r\nContent-Type: text/plain\r\n"), "hi".to_owned(), "binary"),
        (
            STRUCTURED.to_owned(),
            format!(r#"{json},"subject":"a b","datacontenttype":"text/plain","data":"hi"}}"#),
            "json",
        ),
        (
            BATCH.to_owned(),
            format!(r#"[{json},"subject":"a b","datacontenttype":"text/plain","data":"hi"}}]"#),
            "json",
        ),
    ] {
        let before = listener.count();
        lab.sink.then(answer("200 OK", &headers, &body));
        lab.accept(EVENT, "").await;
        let got = listener.got(before + 1).await.swap_remove(before);
        assert_eq!((got.header("ce-id").as_str(), got.header("ce-subject").as_str()), (id, "a%20b"));
        assert_eq!((got.header("content-type").as_str(), got.text().as_str()), ("text/plain", "hi"));
    }
}

#[tokio::test]
async fn s3_batches_are_not_sent_unasked() {
    let lab = Lab::new().await;
    let batch: Vec<String> =
        (0..20).map(|n| format!("{}}}", JSON.replace(r#""id":"1""#, &format!(r#""id":"{n}""#)))).collect();
    lab.accept(BATCH, format!("[{}]", batch.join(","))).await;
    let got = lab.sink.got(20).await;
    assert_eq!(got.len(), 20);
    assert!(got.iter().all(|one| one.header("content-type") == "application/cloudevents+json"));
}

#[tokio::test]
async fn s3_the_mode_is_told_by_the_content_type_in_any_case() {
    let lab = Lab::writing("binary").await;
    for structured in ["APPLICATION/CLOUDEVENTS+JSON", "Application/CloudEvents+json; charset=UTF-8"] {
        let got = lab.pass(format!("Content-Type: {structured}\r\n"), format!(r#"{JSON},"data":1}}"#)).await;
        assert_eq!((got.header("ce-id"), got.text()), ("1".into(), "1".into()));
    }
    let batch = "Content-Type: application/CLOUDEVENTS-batch+JSON\r\n";
    assert_eq!(lab.pass(batch, format!(r#"[{JSON},"data":2}}]"#)).await.text(), "2");
    let other = format!("{EVENT}Content-Type: application/cloudevent+json\r\n");
    assert_eq!(lab.pass(other, "{}").await.text(), "{}", "what only looks alike is binary mode");
}

#[tokio::test]
async fn s3_an_unknown_event_format_is_415() {
    let lab = Lab::new().await;
    for unknown in
        ["application/cloudevents+avro", "application/cloudevents", "application/cloudevents-batch+xml"]
    {
        let why = lab.refuse(415, format!("{EVENT}Content-Type: {unknown}\r\n"), "x").await;
        assert!(why.contains(unknown), "{why}");
    }
}

#[tokio::test]
async fn s3_a_message_without_all_required_attributes_is_no_event() {
    let lab = Lab::new().await;
    for name in ["specversion", "id", "source", "type"] {
        let without: String =
            EVENT.split_inclusive("\r\n").filter(|line| !line.starts_with(&format!("ce-{name}:"))).collect();
        assert_eq!(lab.refuse(400, without, "").await, format!("attribute `{name}`: is required"));
    }
    let none = lab.refuse(400, "Content-Type: application/json\r\n", "{}").await;
    assert!(none.contains("there are no `ce-` headers"), "{none}");
}

#[tokio::test]
async fn s3_1_1_content_type_is_datacontenttype() {
    let json = Lab::writing("json").await;
    let got = json.pass(format!("{EVENT}Content-Type: text/plain; a=\"b c\"\r\n"), "x").await;
    assert_eq!(got.json()["datacontenttype"], "text/plain; a=\"b c\"");
    let binary = Lab::writing("binary").await;
    let got = binary.pass_json(r#","datacontenttype":"text/xml;a=\"b\"","data":"<a/>""#).await;
    assert_eq!((got.header("content-type"), got.text()), ("text/xml;a=\"b\"".into(), "<a/>".into()));
    assert!(!binary.pass_binary("").await.has("content-type"), "none is made up");
}

#[tokio::test]
async fn s3_1_1_ce_datacontenttype_is_refused_and_never_sent() {
    let lab = Lab::writing("binary").await;
    let why = lab.refuse_binary("ce-datacontenttype: text/plain\r\n").await;
    assert!(why.starts_with("attribute `datacontenttype`: "), "{why}");
    assert!(!lab.pass_json(r#","datacontenttype":"text/plain","data":"x""#).await.has("ce-datacontenttype"));
}

#[tokio::test]
async fn s3_1_2_the_body_is_the_data() {
    let lab = Lab::new().await;
    let body = " {\"a\" : 1}\r\n\r\n";
    assert_eq!(lab.pass(format!("{EVENT}Content-Type: application/json\r\n"), body).await.text(), body);
    let empty = lab.pass(format!("{EVENT}Content-Type: application/json\r\n"), "").await;
    assert_eq!((empty.header("content-length"), empty.text()), ("0".into(), String::new()));
}

#[tokio::test]
async fn s3_1_3_every_attribute_has_a_header_of_its_own() {
    let lab = Lab::writing("binary").await;
    let got = lab
        .pass_json(
            r#","subject":"x","time":"2026-01-31T12:00:00Z","dataschema":"https://a/b","color":"red","n":7"#,
        )
        .await;
    let mut attributes: Vec<_> = got
        .headers
        .iter()
        .filter(|(name, _)| name.starts_with("ce-"))
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value)))
        .collect();
    attributes.sort();
    assert_eq!(
        attributes,
        [
            "ce-color: red",
            "ce-dataschema: https://a/b",
            "ce-id: 1",
            "ce-n: 7",
            "ce-source: /s",
            "ce-specversion: 1.0",
            "ce-subject: x",
            "ce-time: 2026-01-31T12:00:00Z",
            "ce-type: t",
        ]
    );
}

#[tokio::test]
async fn s3_1_3_a_secondary_mapping_stands_beside_the_ce_header() {
    let lab = Lab::new().await;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let got = lab.pass_binary(&format!("ce-traceparent: {parent}\r\ntraceparent: {parent}\r\n")).await;
    assert_eq!((got.header("ce-traceparent"), got.header("traceparent")), (parent.into(), parent.into()));
}

#[tokio::test]
async fn s3_1_3_1_names_have_the_prefix_ce_in_any_case() {
    let lab = Lab::writing("json").await;
    let upper = EVENT.to_ascii_uppercase().replace("/S", "/s");
    let got = lab.pass(format!("{upper}Ce-Color: red\r\nX-Other: no\r\n"), "").await.json();
    assert_eq!((&got["id"], &got["color"]), (&"1".into(), &"red".into()));
    assert!(got.get("other").is_none() && got.get("xother").is_none(), "{got}");
}

#[tokio::test]
async fn s3_1_3_2_a_value_is_the_canonical_string_of_its_type() {
    let lab = Lab::writing("binary").await;
    let got =
        lab.pass_json(r#","i":-2147483648,"t":true,"f":false,"z":-0,"time":"2026-01-31t12:00:00.10z""#).await;
    for (name, value) in
        [("i", "-2147483648"), ("t", "true"), ("f", "false"), ("z", "0"), ("time", "2026-01-31t12:00:00.10z")]
    {
        assert_eq!(got.header(&format!("ce-{name}")), value);
    }
}

#[tokio::test]
async fn s3_1_3_2_encoding_covers_what_must_be_encoded_and_nothing_else() {
    let lab = Lab::writing("binary").await;
    let got = lab
        .pass_json(r#","subject":"Euro € 😀","a":"\"q\"","b":"100%","c":"~!#$&'()*+,/:;=?@[\\]^_`{|}-.<>""#)
        .await;
    assert_eq!(got.header("ce-subject"), "Euro%20%E2%82%AC%20%F0%9F%98%80");
    assert_eq!((got.header("ce-a"), got.header("ce-b")), ("%22q%22".into(), "100%25".into()));
    assert_eq!(got.header("ce-c"), "~!#$&'()*+,/:;=?@[\\]^_`{|}-.<>");
}

#[tokio::test]
async fn s3_1_3_2_decoding_undoes_quotes_then_one_round_of_percent_encoding() {
    let lab = Lab::writing("json").await;
    for (header, value) in [
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        ("%e2%82%ac", "€"),
        ("%41%62c", "Abc"),
        ("%2520", "%20"),
        ("\"two words\"", "two words"),
        ("\"a \\\"b\\\" \\\\ %C3%A4\"", "a \"b\" \\ ä"),
        ("two words", "two words"),
    ] {
        assert_eq!(
            lab.pass_binary(&format!("ce-subject: {header}\r\n")).await.json()["subject"],
            value,
            "{header}"
        );
    }
}

#[tokio::test]
async fn s3_1_3_2_bytes_that_are_no_utf_8_are_refused() {
    let lab = Lab::new().await;
    for header in ["%C0%A0", "a%FFb", "%E2%82", "%ED%A0%80"] {
        let why = lab.refuse_binary(&format!("ce-subject: {header}\r\n")).await;
        assert!(why.starts_with("attribute `subject`: percent-encoded bytes must be UTF-8"), "{why}");
    }
    let raw = lab.refuse(400, [EVENT.as_bytes(), b"ce-subject: a\xffb\r\n"].concat(), "").await;
    assert_eq!(raw, "attribute `subject`: the header must be ASCII or UTF-8");
}

#[tokio::test]
async fn s3_1_3_2_control_characters_are_refused_encoded_or_not() {
    let lab = Lab::new().await;
    for header in ["a%0Ab", "a%7F", "%C2%85", "a\tb"] {
        let why = lab.refuse_binary(&format!("ce-subject: {header}\r\n")).await;
        assert!(why.starts_with("attribute `subject`: must not contain control"), "{header}: {why}");
    }
}

#[tokio::test]
async fn s3_2_1_structured_mode_is_the_formats_media_type() {
    let lab = Lab::new().await;
    let got =
        lab.pass("Content-Type: application/cloudevents+json; charset=UTF-8\r\n", format!("{JSON}}}")).await;
    assert_eq!(got.header("content-type"), "application/cloudevents+json");
}

#[tokio::test]
async fn s3_2_2_attributes_and_data_are_as_the_format_says() {
    let lab = Lab::writing("json").await;
    let headers = format!("{EVENT}ce-subject: a%20b\r\nContent-Type: application/json\r\n");
    let got = lab.pass(headers, r#"{"a":[1, 2]}"#).await;
    assert_eq!(
        got.text(),
        r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"a b","datacontenttype":"application/json","data":{"a":[1, 2]}}"#
    );
}

#[tokio::test]
async fn s3_2_3_in_structured_mode_the_payload_counts_and_not_the_headers() {
    let lab = Lab::new().await;
    let got = lab
        .pass(
            format!("{STRUCTURED}{}ce-other: x\r\n", EVENT.replace("ce-id: 1", "ce-id: 2")),
            format!("{JSON}}}"),
        )
        .await;
    assert_eq!(got.json()["id"], "1");
    assert!(got.json().get("other").is_none() && !got.has("ce-id"), "{got:?}");
    lab.refuse(400, format!("{STRUCTURED}{EVENT}"), r#"{"specversion":"1.0","id":"1","type":"t"}"#).await;
}

#[tokio::test]
async fn s3_3_1_batched_mode_is_the_batch_formats_media_type() {
    let lab = Lab::new().await;
    for parameters in ["", "; charset=UTF-8"] {
        let batch = format!("Content-Type: application/cloudevents-batch+json{parameters}\r\n");
        assert_eq!(lab.pass(batch, format!("[{JSON}}}]")).await.json()["id"], "1");
    }
    let why = lab.refuse(400, STRUCTURED, format!("[{JSON}}}]")).await;
    assert!(why.contains("expected an object"), "{why}");
}

#[tokio::test]
async fn s3_3_2_each_member_of_a_batch_is_an_event_of_the_format() {
    let lab = Lab::writing("binary").await;
    lab.accept(
        BATCH,
        format!(r#"[{JSON},"data":"x"}}, {JSON},"datacontenttype":"text/plain","data":"x"}}]"#),
    )
    .await;
    let mut bodies: Vec<String> = lab.sink.got(2).await.iter().map(tests::RawMessage::text).collect();
    bodies.sort();
    assert_eq!(bodies, ["\"x\"", "x"]);
}
