//! JSON event format 1.0.

use super::{EVENT, JSON, Lab, STRUCTURED};
use serde_json::{Value, json};

#[tokio::test]
async fn s2_extensions_are_members_at_the_top() {
    let lab = Lab::writing("json").await;
    let got = lab.pass_binary("ce-comexampleextension1: value\r\nce-x2: y\r\n").await.json();
    assert_eq!((&got["comexampleextension1"], &got["x2"]), (&json!("value"), &json!("y")));
    let why = lab.refuse_json(r#","extensions":{"color":"red"}"#).await;
    assert!(why.starts_with("attribute `extensions`: must be a string"), "{why}");
}

#[tokio::test]
async fn s2_2_booleans_and_integers_keep_their_type() {
    let lab = Lab::writing("json").await;
    let got =
        lab.pass_json(r#","t":true,"f":false,"i":2147483647,"j":-2147483648,"z":0,"s":"5""#).await.text();
    for member in
        [r#""t":true"#, r#""f":false"#, r#""i":2147483647"#, r#""j":-2147483648"#, r#""z":0"#, r#""s":"5""#]
    {
        assert!(got.contains(member), "{member} in {got}");
    }
}

#[tokio::test]
async fn s2_2_a_number_is_a_whole_one() {
    let lab = Lab::new().await;
    for number in ["1.5", "1.0", "1e2", "2147483648", "-2147483649"] {
        let why = lab.refuse_json(&format!(r#","n":{number}"#)).await;
        assert_eq!(
            why,
            format!("attribute `n`: a number must be an integer of at most 32 bits; got `{number}`")
        );
    }
}

#[tokio::test]
async fn s2_2_all_other_types_are_strings_and_stay_as_they_are() {
    let lab = Lab::writing("json").await;
    let members = [
        ("bin", "AP8="),
        ("dataschema", "urn:example:schema#1"),
        ("ref", "../a?b#c"),
        ("time", "2026-01-31T12:00:00.123456789+01:00"),
        ("text", "Grüße, 世界 \u{1F600} \\ \" /"),
    ];
    let text: String = members.iter().map(|(name, value)| format!(",\"{name}\":{}", json!(value))).collect();
    let got = lab.pass_json(&text).await.json();
    for (name, value) in members {
        assert_eq!(got[name], value);
    }
}

#[tokio::test]
async fn s2_2_structured_and_fractional_attributes_are_refused() {
    let lab = Lab::new().await;
    for value in [r#"{"a":1}"#, "[1]"] {
        let why = lab.refuse_json(&format!(r#","x":{value}"#)).await;
        assert!(why.starts_with("attribute `x`: must be a string, an integer or a boolean"), "{why}");
    }
    for member in [r#""subject":5"#, r#""time":true"#, r#""datacontenttype":1"#] {
        assert!(lab.refuse_json(&format!(",{member}")).await.contains("must be"), "{member}");
    }
}

#[tokio::test]
async fn s2_2_null_is_unset() {
    let lab = Lab::writing("json").await;
    let got = lab.pass_json(r#","subject":null,"time":null,"unset":null,"data_base64":null"#).await.json();
    let names: Vec<&String> = got.as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 5, "{names:?}");
    let why = lab.refuse(400, STRUCTURED, JSON.replace(r#""id":"1""#, r#""id":null"#) + "}").await;
    assert_eq!(why, "attribute `id`: is required");
}

#[tokio::test]
async fn s3_an_event_is_one_object_with_every_attribute() {
    let lab = Lab::writing("json").await;
    let got = lab
        .pass_binary("ce-subject: a\r\nce-time: 2026-01-31T12:00:00Z\r\nce-dataschema: a:b\r\nce-x: y\r\n")
        .await;
    assert_eq!(
        got.json(),
        json!({
            "specversion": "1.0", "id": "1", "source": "/s", "type": "t", "subject": "a",
            "time": "2026-01-31T12:00:00Z", "dataschema": "a:b", "x": "y",
        })
    );
}

#[tokio::test]
async fn s3_the_media_type_is_application_cloudevents_json() {
    let lab = Lab::writing("json").await;
    assert_eq!(lab.pass_binary("").await.header("content-type"), "application/cloudevents+json");
}

#[tokio::test]
async fn s3_what_is_no_object_is_refused() {
    let lab = Lab::new().await;
    for body in ["", "[]", "null", "1", "{", "{}{}", "{'id':1}", "\u{feff}{}"] {
        let why = lab.refuse(400, STRUCTURED, body).await;
        assert!(
            why.contains("not as the JSON format wants it") || why.contains("is required"),
            "{body}: {why}"
        );
    }
    let utf8 = lab.refuse(400, STRUCTURED, b"{\"id\":\"\xff\"}").await;
    assert_eq!(utf8, "the body is not UTF-8, byte 7 is wrong");
}

#[tokio::test]
async fn s3_1_1_binary_data_is_base64() {
    let lab = Lab::writing("json").await;
    let typed = lab.pass(format!("{EVENT}Content-Type: image/png\r\n"), b"\x00\xff").await.json();
    assert_eq!((&typed["data_base64"], &typed["datacontenttype"]), (&json!("AP8="), &json!("image/png")));
    assert!(typed.get("data").is_none());
}

#[tokio::test]
async fn s3_1_1_data_of_no_type_is_binary_and_no_type_is_made_up() {
    let lab = Lab::writing("json").await;
    let untyped = lab.pass(EVENT, r#"{"xyz":123}"#).await.json();
    assert_eq!(untyped["data_base64"], "eyJ4eXoiOjEyM30=");
    assert!(untyped.get("datacontenttype").is_none() && untyped.get("data").is_none(), "{untyped}");
}

#[tokio::test]
async fn s3_1_1_json_is_what_has_a_json_subtype() {
    let lab = Lab::writing("json").await;
    for json_type in
        ["application/json", "text/JSON", "application/vnd.x+json; charset=utf-8", "image/svg+JSON"]
    {
        let got = lab.pass(format!("{EVENT}Content-Type: {json_type}\r\n"), r#"{"a": 1.50}"#).await;
        assert!(got.text().ends_with(r#","data":{"a": 1.50}}"#), "{json_type}: {}", got.text());
    }
    for other in ["application/jsonp", "application/json-seq", "json/x", "text/plain"] {
        let got = lab.pass(format!("{EVENT}Content-Type: {other}\r\n"), r#"{"a": 1}"#).await.json();
        assert_eq!(got["data"], r#"{"a": 1}"#, "{other}");
    }
}

#[tokio::test]
async fn s3_1_1_a_json_value_is_stored_as_one() {
    let lab = Lab::writing("json").await;
    for value in [r#"{"a":[1,{"b":null}]}"#, "[1, 2]", "1.5", "true", "null", r#""text""#] {
        let got = lab.pass(format!("{EVENT}Content-Type: application/json\r\n"), value).await.text();
        assert!(got.ends_with(&format!(r#","data":{value}}}"#)), "{got}");
    }
}

#[tokio::test]
async fn s3_1_1_what_claims_to_be_json_and_is_none_is_kept_as_base64() {
    let lab = Lab::writing("json").await;
    let got = lab.pass(format!("{EVENT}Content-Type: application/json\r\n"), "{broken").await.json();
    assert_eq!(got["data_base64"], "e2Jyb2tlbg==");
}

#[tokio::test]
async fn s3_1_1_text_of_another_type_is_a_string() {
    let lab = Lab::writing("json").await;
    let got = lab.pass(format!("{EVENT}Content-Type: application/xml\r\n"), "<a b=\"ä\">\n</a>").await.json();
    assert_eq!(got["data"], "<a b=\"ä\">\n</a>");
    let foreign =
        lab.pass(format!("{EVENT}Content-Type: text/plain; charset=iso-8859-1\r\n"), b"\xe4").await.json();
    assert_eq!(foreign["data_base64"], "5A==", "text that is not UTF-8 stays bytes");
}

#[tokio::test]
async fn s3_1_1_data_and_data_base64_exclude_each_other() {
    let lab = Lab::new().await;
    for data in ["1", "null"] {
        let why = lab.refuse_json(&format!(r#","data":{data},"data_base64":"AA==""#)).await;
        assert_eq!(why, "attribute `data`: must not stand beside `data_base64`");
    }
}

#[tokio::test]
async fn s3_1_1_null_is_a_value_and_not_an_absence() {
    let lab = Lab::new().await;
    assert!(lab.pass_json(r#","data":null"#).await.text().ends_with(r#","data":null}"#));
    assert!(!lab.pass_json("").await.text().contains("\"data\""));
    let binary = Lab::writing("binary").await;
    assert_eq!(binary.pass_json(r#","data":null"#).await.text(), "null");
    assert_eq!(binary.pass_json("").await.text(), "");
}

#[tokio::test]
async fn s3_1_2_base64_is_decoded() {
    let lab = Lab::writing("binary").await;
    let got = lab.pass_json(r#","datacontenttype":"image/png","data_base64":"AP8=""#).await;
    assert_eq!((got.header("content-type"), got.body), ("image/png".into(), vec![0, 255]));
    for wrong in ["\"AP8\"", "\"A*8=\"", "\"AP9=\"", "1", "{}", "\"-_-_\""] {
        let why = lab.refuse_json(&format!(r#","data_base64":{wrong}"#)).await;
        assert!(why.starts_with("attribute `data_base64`: must be"), "{wrong}: {why}");
    }
}

#[tokio::test]
async fn s3_1_2_base64_of_no_type_is_not_taken_for_json() {
    let lab = Lab::writing("binary").await;
    let got = lab.pass_json(r#","data_base64":"eyAieHl6IjogMTIzIH0=""#).await;
    assert_eq!((got.has("content-type"), got.text()), (false, r#"{ "xyz": 123 }"#.into()));
}

#[tokio::test]
async fn s3_1_2_a_json_string_is_not_read_again() {
    let lab = Lab::writing("binary").await;
    let got = lab.pass_json(r#","datacontenttype":"application/json","data":"{\"a\":1}""#).await;
    assert_eq!(got.text(), r#""{\"a\":1}""#);
}

#[tokio::test]
async fn s3_1_2_a_string_of_another_type_is_the_content() {
    let lab = Lab::writing("binary").await;
    let got = lab.pass_json(r#","datacontenttype":"text/xml","data":"<a b=\"1\">\n\u00e4</a>""#).await;
    assert_eq!((got.header("content-type"), got.text()), ("text/xml".into(), "<a b=\"1\">\nä</a>".into()));
}

#[tokio::test]
async fn s3_1_2_data_of_no_type_is_json_and_says_so_further_on() {
    for (format, lab) in [("json", Lab::writing("json").await), ("binary", Lab::writing("binary").await)] {
        let got = lab.pass_json(r#","data":"I'm just a string""#).await;
        if format == "json" {
            assert_eq!(got.json()["datacontenttype"], "application/json");
            assert_eq!(got.json()["data"], "I'm just a string");
        } else {
            assert_eq!(got.header("content-type"), "application/json");
            assert_eq!(got.text(), "\"I'm just a string\"");
        }
    }
}

/// RFC 8259 leaves open what a name means that is given twice; readers differ, so it is refused.
#[tokio::test]
async fn s3_a_member_is_given_once_however_it_is_spelled() {
    let lab = Lab::new().await;
    for twice in [r#","id":"2""#, r#","x":1,"\u0078":1"#, r#","x":null,"x":"a""#, r#","data":1,"data":1"#] {
        assert!(lab.refuse_json(twice).await.ends_with("is given more than once"), "{twice}");
    }
}

#[tokio::test]
async fn s3_1_numbers_in_data_keep_every_digit() {
    let lab = Lab::new().await;
    let data = "[1.10,1e400,123456789012345678901234567890,0.1e-7]";
    let got = lab.pass_json(&format!(r#","data":{data}"#)).await.text();
    assert!(got.ends_with(&format!(r#","data":{data}}}"#)), "{got}");
    assert_ne!(
        serde_json::from_str::<Value>("[1.10]").unwrap().to_string(),
        "[1.10]",
        "else this shows nothing"
    );
}
