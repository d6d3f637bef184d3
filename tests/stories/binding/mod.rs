//! The specifications, rule by rule, in bytes: one Broker, one Trigger, a sink that records.
//!
//! Each file is one text, each test one rule, named after its section. `docs/conformance.md` lists them all, and
//! `table.rs` checks that it does.

mod batch;
mod core;
mod decided;
mod http;
mod json;
mod knative;
mod table;
mod version_0_3;
mod webhook;

use tests::{Mesh, RawClient, RawMessage, RawSink, Trigger, broker, until, value};

/// The required attributes of an event in binary mode.
pub(crate) const EVENT: &str = "ce-specversion: 1.0\r\nce-id: 1\r\nce-source: /s\r\nce-type: t\r\n";
/// Those of an event in structured mode, to be continued.
const JSON: &str = r#"{"specversion":"1.0","id":"1","source":"/s","type":"t""#;
const STRUCTURED: &str = "Content-Type: application/cloudevents+json\r\n";
const BATCH: &str = "Content-Type: application/cloudevents-batch+json\r\n";

/// A Broker with a Trigger that sends everything to a sink.
pub(crate) struct Lab {
    pub(crate) mesh: Mesh,
    pub(crate) sink: RawSink,
}

impl Lab {
    /// Events leave in the mode they came in.
    pub(crate) async fn new() -> Self {
        Self::with(|trigger| trigger).await
    }

    /// Events leave as `json` or `binary`.
    async fn writing(format: &str) -> Self {
        Self::with(|trigger| trigger.delivery(&format!("format: {format}"))).await
    }

    async fn with(change: impl FnOnce(Trigger) -> Trigger) -> Self {
        Self::at("", change).await
    }

    /// The sink has this path and query.
    async fn at(path: &str, change: impl FnOnce(Trigger) -> Trigger) -> Self {
        let sink = RawSink::start().await;
        let url = format!("{}{path}", sink.url());
        let trigger = Trigger::new("bill", &url).delivery("backoffDelay: PT0.05S");
        let mesh = Mesh::with(&[broker("shop", &[]), change(trigger).to_string()]).await;
        Self { mesh, sink }
    }

    /// Sends one request on a connection of its own.
    async fn ask(&self, request: impl AsRef<[u8]>) -> RawMessage {
        let mut client = RawClient::connect(&self.mesh.events("")).await;
        client.send(request).await;
        client.answer().await.expect("an answer")
    }

    /// Posts headers (each ended by CRLF) and a body to the Broker.
    async fn post(&self, headers: impl AsRef<[u8]>, body: impl AsRef<[u8]>) -> RawMessage {
        self.ask(post("/default/shop", headers.as_ref(), body.as_ref())).await
    }

    /// Posts an event that must be taken, and returns the request that the sink got for it.
    pub(crate) async fn pass(&self, headers: impl AsRef<[u8]>, body: impl AsRef<[u8]>) -> RawMessage {
        let before = self.sink.count();
        self.accept(headers, body).await;
        self.sink.got(before + 1).await.swap_remove(before)
    }

    /// Posts an event that must be taken.
    async fn accept(&self, headers: impl AsRef<[u8]>, body: impl AsRef<[u8]>) {
        let answer = self.post(headers, body).await;
        assert_eq!((answer.status(), answer.text().as_str()), (202, ""));
    }

    /// Posts a binary event with more headers.
    async fn pass_binary(&self, headers: &str) -> RawMessage {
        self.pass(format!("{EVENT}{headers}"), "").await
    }

    /// Posts a structured event with more members (each after a comma).
    async fn pass_json(&self, members: &str) -> RawMessage {
        self.pass(STRUCTURED, format!("{JSON}{members}}}")).await
    }

    /// Posts something that must be refused, and returns why.
    async fn refuse(&self, status: u16, headers: impl AsRef<[u8]>, body: impl AsRef<[u8]>) -> String {
        let shown = format!(
            "{} {}",
            String::from_utf8_lossy(headers.as_ref()),
            String::from_utf8_lossy(body.as_ref())
        );
        let answer = self.post(headers, body).await;
        assert_eq!(answer.status(), status, "{shown}: {}", answer.text());
        assert_eq!(answer.header("content-type"), "application/problem+json");
        answer.json()["detail"].as_str().expect("a detail").to_owned()
    }

    async fn refuse_binary(&self, headers: &str) -> String {
        self.refuse(400, format!("{EVENT}{headers}"), "").await
    }

    async fn refuse_json(&self, members: &str) -> String {
        self.refuse(400, STRUCTURED, format!("{JSON}{members}}}")).await
    }
}

impl Lab {
    /// Adds a manifest to a running mesh and waits until its Trigger is Ready.
    async fn declare(&self, trigger: &str, yaml: &str) {
        self.mesh.write(&format!("{trigger}.yaml"), yaml);
        self.mesh.hang_up();
        until(trigger, async || self.mesh.cli(&["get", "trigger", trigger]).await.out.contains("True")).await;
    }

    /// The one dead letter, when it is there.
    async fn dead_letter(&self) -> serde_json::Value {
        value("a dead letter", async || self.mesh.dead_letters().await.pop()).await
    }

    /// Waits until so many events were delivered.
    async fn delivered(&self, events: u32) {
        let delivered = "sluice_deliveries_total{trigger=\"default/bill\",result=\"delivered\"}";
        until("the delivery counted", async || self.mesh.metric(delivered).await == f64::from(events)).await;
    }
}

/// A POST in bytes.
pub(crate) fn post(path: &str, headers: &[u8], body: &[u8]) -> Vec<u8> {
    let start = format!("POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n", body.len());
    [start.as_bytes(), headers, b"\r\n", body].concat()
}

/// An answer with an event in it, or with anything else.
fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}
