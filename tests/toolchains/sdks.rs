//! The CloudEvents SDKs of other languages, as senders and receivers.

use serde_json::json;
use std::process::Command;
use tests::{Mesh, Sink, Trigger, broker, toolchain};

#[tokio::test]
async fn an_event_of_the_go_sdk_arrives() {
    let go = toolchain::go::build("sdks/go", ".");
    let sink = Sink::start().await;
    let mesh = Mesh::with(&[broker("shop", &[]), Trigger::new("bill", &sink.url()).to_string()]).await;
    let cases = mesh.folder().join("cases.json");
    let case = json!({"id": "1", "source": "/sdk", "type": "order", "datacontenttype": "text/plain", "data": {"text": "hi"}});
    std::fs::write(&cases, json!([case]).to_string()).unwrap();
    let sent = Command::new(go).args(["send", &mesh.events("/default/shop"), "binary"]).arg(&cases).status();
    assert!(sent.unwrap().success());
    assert_eq!(sink.got(1).await[0].body, "hi");
}
