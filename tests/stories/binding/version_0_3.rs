//! CloudEvents 0.3: accepted in each mode, and delivered as 0.3.

use super::{BATCH, EVENT, JSON, Lab, STRUCTURED};
use serde_json::json;

fn event() -> String {
    EVENT.replace("1.0", "0.3")
}

fn json_event(members: &str) -> String {
    format!("{}{members}}}", JSON.replace("1.0", "0.3"))
}

#[tokio::test]
async fn an_event_of_0_3_stays_one_in_each_mode() {
    for format in ["binary", "json"] {
        let lab = Lab::writing(format).await;
        for got in [
            lab.pass(event(), "x").await,
            lab.pass(STRUCTURED, json_event("")).await,
            lab.pass(BATCH, format!("[{}]", json_event(""))).await,
        ] {
            let version = if format == "json" {
                got.json()["specversion"].clone()
            } else {
                got.header("ce-specversion").into()
            };
            assert_eq!(version, "0.3");
        }
    }
}

#[tokio::test]
async fn its_base64_is_marked_by_datacontentencoding() {
    let json = Lab::writing("json").await;
    let marked = r#","datacontentencoding":"base64","datacontenttype":"image/png","data":"AP8=""#;
    let got = json.pass(STRUCTURED, json_event(marked)).await.json();
    assert_eq!((&got["datacontentencoding"], &got["data"]), (&json!("base64"), &json!("AP8=")));
    let got = json.pass(format!("{}Content-Type: image/png\r\n", event()), b"\x00\xff").await.json();
    assert_eq!((&got["datacontentencoding"], &got["data"]), (&json!("base64"), &json!("AP8=")));
    assert!(got.get("data_base64").is_none());
    let binary = Lab::writing("binary").await;
    let got = binary.pass(STRUCTURED, json_event(marked)).await;
    assert_eq!((got.has("ce-datacontentencoding"), got.body), (false, vec![0, 255]));
    let why = binary.refuse(400, STRUCTURED, json_event(r#","datacontentencoding":"gzip""#)).await;
    assert!(why.starts_with("attribute `datacontentencoding`: must be `base64`"), "{why}");
}

#[tokio::test]
async fn what_is_of_1_0_alone_is_no_part_of_it() {
    let lab = Lab::new().await;
    let why = lab.refuse(400, STRUCTURED, json_event(r#","data_base64":"AA==""#)).await;
    assert!(why.starts_with("attribute `data_base64`: is not part of CloudEvents 0.3"), "{why}");
}

#[tokio::test]
async fn its_schemaurl_is_a_uri_reference() {
    let lab = Lab::new().await;
    let got = lab.pass(STRUCTURED, json_event(r#","schemaurl":"/schemas/1""#)).await.json();
    assert_eq!(got["schemaurl"], "/schemas/1");
    let why = lab.refuse(400, STRUCTURED, json_event(r#","schemaurl":"a b""#)).await;
    assert!(why.starts_with("attribute `schemaurl`: must be a URI reference"), "{why}");
}

#[tokio::test]
async fn its_structured_extensions_are_refused_all_the_same() {
    let lab = Lab::new().await;
    let why = lab.refuse(400, STRUCTURED, json_event(r#","comexampleextension2":{"otherValue":5}"#)).await;
    assert!(why.contains("must be a string, an integer or a boolean"), "{why}");
}
