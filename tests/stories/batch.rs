//! Many events in one request.

use tests::{Mesh, Message, Sink, Trigger, broker};

const BATCH: &str = "application/cloudevents-batch+json";

fn member(id: usize) -> String {
    format!(r#"{{"specversion":"1.0","id":"{id}","source":"/story","type":"order","data":{{"n":{id}}}}}"#)
}

#[tokio::test]
async fn each_member_is_an_event() {
    let sink = Sink::start().await;
    let mesh = Mesh::with(&[
        broker("shop", &[]),
        Trigger::new("bill", &sink.url()).delivery("format: binary").to_string(),
    ])
    .await;
    let batch = format!("[{}]", (0..100).map(member).collect::<Vec<_>>().join(","));
    mesh.accept("/default/shop", [Message::json(BATCH, batch), Message::json(BATCH, "[]")]).await;
    let mut ids: Vec<usize> =
        sink.got(100).await.iter().map(|r| r.header("ce-id").parse().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..100).collect::<Vec<_>>());
    assert_eq!(mesh.metric("sluice_events_accepted_total{target=\"default/shop\"}").await, 100.0);
}

#[tokio::test]
async fn an_invalid_member_refuses_all_and_is_named() {
    let sink = Sink::start().await;
    let mesh = Mesh::with(&[broker("shop", &[]), Trigger::new("bill", &sink.url()).to_string()]).await;
    let batch = format!("[{},{},{}]", member(0), member(1), r#"{"specversion":"1.0","id":"2"}"#);
    let answer = mesh.post("/default/shop", Message::json(BATCH, batch)).await;
    assert_eq!(answer.status, 400);
    assert!(answer.json()["detail"].as_str().unwrap().contains('2'), "{}", answer.json());
    mesh.accept("/default/shop", [Message::new("marker", "order")]).await;
    sink.got(1).await;
    assert_eq!(sink.ids(), ["marker"]);
}
