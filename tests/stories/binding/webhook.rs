//! HTTP 1.1 Web Hooks for Event Delivery 1.0: as the one that is called, and, with
//! `sluice.dev/webhook-handshake: "true"`, as the one that calls.

use super::{EVENT, Lab, STRUCTURED, answer};
use std::time::Instant;
use tests::{RawMessage, Trigger};

const CONSENT: &str = "WebHook-Allowed-Origin: *\r\n";

fn asking(trigger: Trigger) -> Trigger {
    trigger.annotated("sluice.dev/webhook-handshake: \"true\"")
}

/// A lab whose sink must agree first, and does.
async fn agreed() -> Lab {
    let lab = Lab::with(asking).await;
    lab.sink.first([answer("200 OK", CONSENT, "")]);
    lab
}

fn options(path: &str, headers: &str) -> String {
    format!("OPTIONS {path} HTTP/1.1\r\nHost: test\r\n{headers}\r\n")
}

// === called ===

#[tokio::test]
async fn s2_2_an_event_that_is_kept_and_not_yet_delivered_is_202() {
    let lab = Lab::new().await;
    lab.sink.then(answer("500 No", "", ""));
    let got = lab.post(EVENT, "").await;
    assert_eq!((got.status(), got.text().as_str()), (202, ""));
}

#[tokio::test]
async fn s2_2_no_answer_is_a_redirect() {
    let lab = Lab::new().await;
    for path in ["/default/shop/", "/default/shop?a=b", "/", "/default", "/default/nobody", "//default/shop"]
    {
        let got = lab.ask(super::post(path, EVENT.as_bytes(), b"")).await;
        assert!(got.status() / 100 != 3 && !got.has("location"), "{path}: {got:?}");
    }
}

#[tokio::test]
async fn s2_2_a_format_that_is_not_understood_is_415() {
    let lab = Lab::new().await;
    lab.refuse(415, "Content-Type: application/cloudevents+protobuf\r\n", "x").await;
}

#[tokio::test]
async fn s3_tokens_are_taken_in_both_places_and_nobody_is_challenged() {
    let lab = Lab::new().await;
    let header = lab.post(format!("{EVENT}Authorization: Bearer mF_9.B5f-4.1JqM\r\n"), "").await;
    let query = lab.ask(super::post("/default/shop?access_token=mF_9&p=q", EVENT.as_bytes(), b"")).await;
    assert_eq!((header.status(), query.status()), (202, 202));
    assert!(!header.has("www-authenticate") && !query.has("www-authenticate"));
}

#[tokio::test]
async fn s4_2_options_is_consent_for_a_target_and_for_nothing_else() {
    let lab = Lab::new().await;
    for path in ["/default/shop", "/default/shop/"] {
        let got = lab.ask(options(path, "WebHook-Request-Origin: a.example\r\n")).await;
        assert_eq!((got.status(), got.header("allow")), (200, "POST, OPTIONS".into()), "{path}");
    }
    let got = lab.ask(options("/default/nobody", "WebHook-Request-Origin: a.example\r\n")).await;
    assert_eq!((got.status(), got.has("webhook-allowed-origin")), (404, false));
}

#[tokio::test]
async fn s4_2_1_the_allowed_origin_is_the_one_that_asked_or_any() {
    let lab = Lab::new().await;
    let named =
        lab.ask(options("/default/shop", "WebHook-Request-Origin: eventemitter.example.com\r\n")).await;
    assert_eq!(named.header("webhook-allowed-origin"), "eventemitter.example.com");
    let plain = lab.ask(options("/default/shop", "")).await;
    assert_eq!(plain.header("webhook-allowed-origin"), "*");
}

#[tokio::test]
async fn s4_2_2_the_allowed_rate_is_the_one_asked_for_or_any() {
    let lab = Lab::new().await;
    for (asked, allowed) in [("120", "120"), ("", "*"), ("0", "*"), ("-5", "*"), ("fast", "*")] {
        let headers = format!("WebHook-Request-Origin: a.example\r\nWebHook-Request-Rate: {asked}\r\n");
        let got = lab.ask(options("/default/shop", &headers)).await;
        assert_eq!(got.header("webhook-allowed-rate"), allowed, "{asked}");
    }
}

#[tokio::test]
async fn s4_1_3_a_callback_is_not_needed_because_consent_comes_at_once() {
    let lab = Lab::new().await;
    let headers =
        format!("WebHook-Request-Origin: a.example\r\nWebHook-Request-Callback: {}\r\n", lab.sink.url());
    let got = lab.ask(options("/default/shop", &headers)).await;
    assert_eq!(got.header("webhook-allowed-origin"), "a.example");
    lab.pass(EVENT, "").await;
    assert_eq!(lab.sink.count(), 1, "nobody called back");
}

#[tokio::test]
async fn s2_1_a_delivery_with_an_origin_is_taken_as_any_other() {
    let lab = Lab::new().await;
    let got = lab.pass_binary("WebHook-Request-Origin: a.example\r\n").await;
    assert!(!got.has("webhook-request-origin"), "it belongs to one hop");
}

// === calling ===

#[tokio::test]
async fn s4_1_the_question_goes_to_the_exact_uri_and_names_the_sender() {
    let lab = Lab::at("hook/1?a=b&access_token=x", asking).await;
    lab.sink.first([answer("200 OK", CONSENT, "")]);
    lab.accept(EVENT, "x").await;
    let got = lab.sink.got(2).await;
    assert_eq!(got[0].line, "OPTIONS /hook/1?a=b&access_token=x HTTP/1.1");
    assert_eq!(got[0].header("webhook-request-origin"), "default.sluice");
    assert_eq!(got[1].line, "POST /hook/1?a=b&access_token=x HTTP/1.1");
}

#[tokio::test]
async fn s4_1_2_every_delivery_names_the_same_origin() {
    let lab = agreed().await;
    for _ in 0..3 {
        lab.accept(EVENT, "x").await;
    }
    let got = lab.sink.got(4).await;
    assert!(got.iter().all(|request| request.header("webhook-request-origin") == "default.sluice"));
    assert_eq!(got.iter().filter(|request| request.line.starts_with("OPTIONS")).count(), 1);
}

#[tokio::test]
async fn s4_2_without_the_headers_no_status_is_consent() {
    let lab = Lab::with(|trigger| asking(trigger).delivery("retry: 1")).await;
    lab.sink.then(answer("200 OK", "Allow: GET, POST, OPTIONS\r\n", "welcome"));
    lab.accept(EVENT, "x").await;
    let why = lab.dead_letter().await["reason"].as_str().unwrap().to_owned();
    assert!(why.contains("did not agree") && why.contains("WebHook-Allowed-Origin: default.sluice"), "{why}");
    assert!(lab.sink.received().iter().all(|request| request.line.starts_with("OPTIONS")));
}

#[tokio::test]
async fn s4_2_1_consent_for_another_origin_is_none() {
    let lab = Lab::with(|trigger| asking(trigger).delivery("retry: 0")).await;
    lab.sink.then(answer("200 OK", "WebHook-Allowed-Origin: other.example\r\n", ""));
    lab.accept(EVENT, "x").await;
    let why = lab.dead_letter().await["reason"].as_str().unwrap().to_owned();
    assert!(why.contains("`other.example`, neither `default.sluice` nor `*`"), "{why}");
}

#[tokio::test]
async fn s4_2_consent_that_comes_later_lets_the_events_go() {
    let lab = Lab::with(asking).await;
    lab.sink.first([
        answer("405 No", "", ""),
        answer("204 Fine", "WebHook-Allowed-Origin: default.sluice\r\n", ""),
    ]);
    lab.accept(EVENT, "x").await;
    let lines: Vec<String> = lab.sink.got(3).await.into_iter().map(|request| request.line).collect();
    assert_eq!(lines, ["OPTIONS / HTTP/1.1", "OPTIONS / HTTP/1.1", "POST / HTTP/1.1"]);
    lab.delivered(1).await;
}

#[tokio::test]
async fn s4_2_2_the_allowed_rate_is_kept_to() {
    let lab = Lab::with(asking).await;
    lab.sink.first([answer("200 OK", &format!("{CONSENT}WebHook-Allowed-Rate: 300\r\n"), "")]);
    let begin = Instant::now();
    for _ in 0..5 {
        lab.accept(EVENT, "x").await;
    }
    lab.sink.got(6).await;
    assert!(begin.elapsed().as_millis() >= 800, "{:?}", begin.elapsed());
}

#[tokio::test]
async fn s2_1_a_delivery_is_a_post_with_a_content_type_and_a_payload() {
    let lab = agreed().await;
    for (headers, body) in [
        (EVENT.to_owned(), ""),
        (EVENT.to_owned(), "x"),
        (format!("{EVENT}Content-Type: text/plain\r\n"), ""),
    ] {
        lab.accept(headers, body).await;
    }
    let deliveries: Vec<RawMessage> = lab.sink.got(4).await.split_off(1);
    for got in deliveries {
        assert!(got.line.starts_with("POST ") && !got.body.is_empty(), "{got:?}");
        assert_eq!(got.header("content-type"), "application/cloudevents+json");
    }
}

#[tokio::test]
async fn s2_2_redirects_are_not_followed() {
    let lab = Lab::new().await;
    for (n, status) in
        ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"].iter().enumerate()
    {
        lab.sink.then(answer(status, &format!("Location: {}elsewhere\r\n", lab.sink.url()), ""));
        lab.accept(EVENT, "").await;
        tests::until("a dead letter", async || lab.mesh.dead_letters().await.len() == n + 1).await;
    }
    assert!(lab.sink.received().iter().all(|request| request.line == "POST / HTTP/1.1"));
    assert_eq!(lab.sink.count(), 5);
}

#[tokio::test]
async fn s2_2_200_201_202_and_204_are_success() {
    let lab = Lab::new().await;
    for (n, status) in ["200 OK", "201 Created", "202 Accepted"].iter().enumerate() {
        lab.sink.then(answer(status, "Content-Type: text/plain\r\n", "details"));
        lab.accept(EVENT, "").await;
        lab.delivered(u32::try_from(n).unwrap() + 1).await;
    }
    lab.sink.then("HTTP/1.1 204 No Content\r\n\r\n");
    lab.accept(EVENT, "").await;
    lab.delivered(4).await;
    assert_eq!(lab.sink.count(), 4);
}

#[tokio::test]
async fn s2_2_410_and_415_are_final_for_the_event() {
    let lab = Lab::new().await;
    for (n, status) in [410, 415].iter().enumerate() {
        lab.sink.then(answer(&format!("{status} No"), "", ""));
        lab.accept(EVENT, "").await;
        tests::until("a dead letter", async || lab.mesh.dead_letters().await.len() == n + 1).await;
        assert_eq!(lab.sink.count(), n + 1);
    }
}

#[tokio::test]
async fn s2_2_429_stops_all_requests_until_its_time() {
    let lab = Lab::new().await;
    lab.sink.first([answer("429 Too Many Requests", "Retry-After: 1\r\n", "")]);
    let begin = Instant::now();
    lab.accept(EVENT, "").await;
    let failed = "sluice_deliveries_total{trigger=\"default/bill\",result=\"failed\"}";
    tests::until("the refusal", async || lab.mesh.metric(failed).await == 1.0).await;
    lab.accept(EVENT, "").await;
    lab.sink.got(2).await;
    assert!(begin.elapsed().as_millis() >= 1000, "{:?}", begin.elapsed());
    lab.delivered(2).await;
}

#[tokio::test]
async fn s3_2_a_token_in_the_uri_of_the_sink_is_sent() {
    let lab = Lab::at("hook?access_token=mF_9.B5f-4.1JqM&p=q", |trigger| trigger).await;
    assert_eq!(
        lab.pass(STRUCTURED, format!("{}}}", super::JSON)).await.line,
        "POST /hook?access_token=mF_9.B5f-4.1JqM&p=q HTTP/1.1"
    );
}
