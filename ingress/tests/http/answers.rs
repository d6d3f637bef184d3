//! Every answer of the listener: which status, and what it says.

use crate::client::{Client, ask, post, post_json};
use crate::house::House;
use ingress::Options;
use std::time::Duration;
use tokio::time::timeout;

const PATH: &str = "/default/shop";
const STRUCTURED: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";

fn json_event(id: &str, data: &str) -> String {
    format!(r#"{{"specversion":"1.0","id":"{id}","source":"/test","type":"test","data":"{data}"}}"#)
}

#[tokio::test]
async fn a_binary_event_is_202_and_in_the_log_unchanged() {
    let house = House::open().await;
    let answer =
        ask(house.address, post(PATH, "Content-Type: text/plain\r\nce-color: red\r\n", "hello")).await;
    assert_eq!((answer.status, answer.body.as_str()), (202, ""));
    let accepted = house.accepted().await;
    let event = &accepted[0].event;
    assert_eq!(
        (event.id(), event.get("color"), event.content_type()),
        ("1", Some("red"), Some("text/plain"))
    );
    assert_eq!(event.data().bytes(), "hello");
    assert_eq!(house.metric(r#"sluice_events_accepted_total{target="default/shop"}"#), 1);
}

#[tokio::test]
async fn no_answer_before_the_append_is_done() {
    let house = House::open().await;
    house.gate.close();
    let mut client = Client::connect(house.address).await;
    client.send(post(PATH, "", "x")).await;
    house.gate.holds(1).await;
    assert!(timeout(Duration::from_millis(20), client.try_answer()).await.is_err());
    house.gate.open();
    assert_eq!(client.answer().await.status, 202);
}

#[tokio::test]
async fn structured_and_batch_are_202() {
    let house = House::open().await;
    assert_eq!(ask(house.address, post_json(PATH, STRUCTURED, &json_event("a", "x"))).await.status, 202);
    let batch = format!("[{},{}]", json_event("b", "x"), json_event("c", "y"));
    assert_eq!(ask(house.address, post_json(PATH, BATCH, &batch)).await.status, 202);
    assert_eq!(ask(house.address, post_json(PATH, BATCH, "[]")).await.status, 202);
    let accepted = house.accepted().await;
    let ids: Vec<_> = accepted.iter().map(|record| record.event.id()).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    assert_eq!(house.metric(r#"sluice_events_accepted_total{target="default/shop"}"#), 3);
}

#[tokio::test]
async fn every_kind_of_target_has_its_address() {
    let house = House::open().await;
    for path in [
        "/default/shop/?a=b",
        "/channels/default/shop",
        "/sequences/default/shop",
        "/parallels/default/shop/",
    ] {
        assert_eq!(ask(house.address, post(path, "", "")).await.status, 202, "{path}");
    }
    let by_host = post("/", "", "").replace("Host: test", "Host: shop-kn-channel.default.svc.cluster.local");
    assert_eq!(ask(house.address, by_host).await.status, 202);
    let channel = r#"sluice_events_accepted_total{target="channels/default/shop"}"#;
    assert_eq!(house.metric(channel), 2);
}

#[tokio::test]
async fn the_trace_context_is_kept_with_the_event() {
    let house = House::open().await;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let headers = format!("traceparent: {parent}\r\ntracestate: a=1\r\n");
    assert_eq!(ask(house.address, post(PATH, &headers, "")).await.status, 202);
    let trace = house.accepted().await[0].envelope.trace.clone().unwrap();
    assert_eq!((trace.parent.as_str(), trace.state.as_str()), (parent, "a=1"));
}

#[tokio::test]
async fn what_is_no_valid_event_is_400_and_named() {
    let house = House::open().await;
    let without_id = post(PATH, "", "").replace("ce-id: 1\r\n", "");
    let answer = ask(house.address, without_id).await;
    assert_eq!(answer.status, 400);
    assert!(answer.problem("detail").contains("id"), "{}", answer.body);
    assert_eq!(answer.problem("type"), "urn:sluice:problem:invalid-event");
    let refused = r#"sluice_events_refused_total{target="default/shop",reason="invalid-event"}"#;
    assert_eq!(house.metric(refused), 1);
}

#[tokio::test]
async fn one_invalid_member_refuses_the_batch_and_is_named() {
    let house = House::open().await;
    let batch = format!(r#"[{},{{"id":"b"}}]"#, json_event("a", "x"));
    let answer = ask(house.address, post_json(PATH, BATCH, &batch)).await;
    assert_eq!(answer.status, 400);
    assert!(answer.problem("detail").contains('1'), "{}", answer.body);
    assert!(house.accepted().await.is_empty());
}

#[tokio::test]
async fn a_target_that_is_not_there_is_404_before_the_body_is_read() {
    let house = House::open().await;
    for path in ["/", "/shop", "/default/nobody", "/channels/default/nobody", "/a/b/c", "/a/b/c/d"] {
        // The announced body never comes.
        let request = format!("POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n");
        let answer = ask(house.address, request).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.problem("type"), "urn:sluice:problem:no-such-target");
    }
    let unknown = r#"sluice_events_refused_total{target="unknown",reason="no-such-target"}"#;
    assert_eq!(house.metric(unknown), 6);
}

#[tokio::test]
async fn a_target_that_goes_is_404_on_a_connection_that_knew_it() {
    let house = House::open().await;
    let mut client = Client::connect(house.address).await;
    client.send(post(PATH, "", "")).await;
    assert_eq!(client.answer().await.status, 202);
    house.forget_targets();
    client.send(post(PATH, "", "").replace("Content-Length: 0", "Content-Length: 100")).await;
    assert_eq!(client.answer().await.status, 404);
}

#[tokio::test]
async fn other_methods_are_405_and_told_what_is_possible() {
    let house = House::open().await;
    for method in ["GET", "PUT", "DELETE", "PATCH", "BREW"] {
        let answer = ask(house.address, format!("{method} {PATH} HTTP/1.1\r\nHost: test\r\n\r\n")).await;
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), Some("POST, OPTIONS"));
        assert!(answer.problem("detail").contains(method));
    }
}

#[tokio::test]
async fn options_consents() {
    let house = House::open().await;
    let plain = ask(house.address, format!("OPTIONS {PATH} HTTP/1.1\r\nHost: test\r\n\r\n")).await;
    assert_eq!((plain.status, plain.header("allow")), (200, Some("POST, OPTIONS")));
    assert_eq!(plain.header("webhook-allowed-origin"), Some("*"));
    let asked = "WebHook-Request-Origin: sender.example\r\nWebHook-Request-Rate: 120\r\n";
    let echoed = ask(house.address, format!("OPTIONS {PATH} HTTP/1.1\r\nHost: test\r\n{asked}\r\n")).await;
    assert_eq!(echoed.header("webhook-allowed-origin"), Some("sender.example"));
    assert_eq!(echoed.header("webhook-allowed-rate"), Some("120"));
    assert_eq!(ask(house.address, "OPTIONS /no/body HTTP/1.1\r\nHost: test\r\n\r\n").await.status, 404);
}

#[tokio::test]
async fn a_format_that_is_not_read_is_415() {
    let house = House::open().await;
    for (content_type, encoding) in
        [("application/cloudevents+avro", ""), ("text/plain", "Content-Encoding: gzip\r\n")]
    {
        let headers = format!("Content-Type: {content_type}\r\n{encoding}");
        let answer = ask(house.address, post(PATH, &headers, "x")).await;
        assert_eq!(answer.status, 415, "{content_type}");
        assert_eq!(answer.problem("type"), "urn:sluice:problem:unsupported-format");
    }
}

#[tokio::test]
async fn a_member_larger_than_one_event_may_be_is_413_and_named() {
    let house = House::with(Options { max_event_size: 1000, ..Options::default() }).await;
    let batch = format!("[{},{}]", json_event("a", "x"), json_event("b", &"y".repeat(1000)));
    let answer = ask(house.address, post_json(PATH, BATCH, &batch)).await;
    assert_eq!(answer.status, 413);
    assert!(answer.problem("detail").contains("member 1"), "{}", answer.body);
    assert!(house.accepted().await.is_empty());
}

#[tokio::test]
async fn an_append_that_fails_is_503_and_told_when_to_come_again() {
    let house = House::open().await;
    house.faults.refuse_appends(1);
    let answer = ask(house.address, post(PATH, "", "x")).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("2"));
    assert_eq!(answer.problem("type"), "urn:sluice:problem:unavailable");
    assert_eq!(house.metric(r#"sluice_events_accepted_total{target="default/shop"}"#), 0);
    house.faults.lose_answers(1);
    assert_eq!(ask(house.address, post(PATH, "", "x")).await.status, 503);
    assert_eq!(ask(house.address, post(PATH, "", "x")).await.status, 202);
}

#[tokio::test]
async fn an_event_without_rounds_left_is_400() {
    let house = House::open().await;
    let answer = ask(house.address, post(PATH, "ce-knativebrokerttl: 0\r\n", "x")).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.problem("type"), "urn:sluice:problem:out-of-hops");
}

#[tokio::test]
async fn not_exactly_one_host_is_400() {
    let house = House::open().await;
    let event = post(PATH, "", "");
    for host in ["", "Host: a\r\nHost: a\r\n", "Host: a, b\r\n", "Host: a/b\r\n"] {
        let answer = ask(house.address, event.replace("Host: test\r\n", host)).await;
        assert_eq!(answer.status, 400, "{host}");
        assert_eq!(answer.problem("type"), "urn:sluice:problem:bad-host");
    }
    for host in ["Host: \r\n", "Host: [::1]:8080\r\n", "Host: my_host:80\r\n"] {
        assert_eq!(ask(house.address, event.replace("Host: test\r\n", host)).await.status, 202, "{host}");
    }
}
