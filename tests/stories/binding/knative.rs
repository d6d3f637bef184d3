//! Knative Eventing: the data plane contract.

use super::{BATCH, EVENT, JSON, Lab, STRUCTURED, answer, post};
use std::time::{Duration, Instant};
use tests::{Mesh, Message, RawClient, RawSink, Sink, Trigger, broker};

const REPLY: &str = "ce-specversion: 1.0\r\nce-id: r\r\nce-source: /sink\r\nce-type: reply\r\n";

/// Asks with the type `t` at the lab's sink, tells what is of the type `reply` to the second one.
async fn asking() -> (Lab, RawSink) {
    let listener = RawSink::start().await;
    let lab = Lab::with(|trigger| trigger.of_type("t")).await;
    lab.declare("tell", &Trigger::new("tell", &listener.url()).of_type("reply").to_string()).await;
    (lab, listener)
}

#[tokio::test]
async fn negotiation_that_is_not_known_is_ignored() {
    let lab = Lab::new().await;
    for offer in [
        "Connection: Upgrade\r\nUpgrade: websocket\r\n",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n",
    ] {
        assert_eq!(lab.pass(format!("{EVENT}{offer}"), "x").await.text(), "x", "{offer}");
    }
}

#[tokio::test]
async fn protocol_1_0_in_binary_and_structured_mode_in_and_out() {
    for format in ["binary", "json"] {
        let lab = Lab::writing(format).await;
        assert_eq!(lab.pass_binary("").await.has("ce-id"), format == "binary");
        assert_eq!(lab.pass_json("").await.has("ce-id"), format == "binary");
    }
}

#[tokio::test]
async fn verbs_delivery_is_by_post() {
    let lab = Lab::new().await;
    assert_eq!(lab.pass(EVENT, "").await.line, "POST / HTTP/1.1");
    for method in ["GET", "PUT", "DELETE", "HEAD", "PATCH", "TRACE"] {
        let got = RawClient::connect(&lab.mesh.events("")).await;
        let mut got = got;
        got.send(format!(
            "{method} /default/shop HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{EVENT}\r\n"
        ))
        .await;
        let text = String::from_utf8(got.rest().await).unwrap().to_lowercase();
        assert!(
            text.starts_with("http/1.1 405 ") && text.contains("\r\nallow: post, options\r\n"),
            "{method}: {text}"
        );
    }
}

#[tokio::test]
async fn verbs_options_names_post() {
    let lab = Lab::new().await;
    let got = lab.ask("OPTIONS /default/shop HTTP/1.1\r\nHost: test\r\n\r\n").await;
    assert_eq!((got.status(), got.header("allow")), (200, "POST, OPTIONS".into()));
}

#[tokio::test]
async fn verbs_a_sink_is_not_probed_unasked() {
    let lab = Lab::new().await;
    lab.pass(EVENT, "").await;
    assert!(lab.sink.received().iter().all(|request| request.line.starts_with("POST ")));
}

#[tokio::test]
async fn acknowledgement_202_is_told_when_the_event_is_kept() {
    let (lab, mut mesh) = {
        let lab = Lab::new().await;
        (lab.sink, lab.mesh)
    };
    let mut client = RawClient::connect(&mesh.events("")).await;
    lab.then(answer("503 Not yet", "", ""));
    client.send(post("/default/shop", EVENT.as_bytes(), b"kept")).await;
    assert_eq!(client.answer().await.unwrap().status(), 202);
    mesh.kill().await;
    lab.then(answer("200 OK", "", ""));
    let before = lab.count();
    mesh.start().await;
    assert_eq!(lab.got(before + 1).await[before].text(), "kept");
}

#[tokio::test]
async fn acknowledgement_2xx_completes_the_delivery() {
    let lab = Lab::new().await;
    for (n, status) in ["200 OK", "202 Accepted", "203 Other", "299 Whatever"].iter().enumerate() {
        lab.sink.then(answer(status, "", ""));
        lab.accept(EVENT, "").await;
        lab.delivered(u32::try_from(n).unwrap() + 1).await;
    }
    assert_eq!(lab.sink.count(), 4);
}

#[tokio::test]
async fn acknowledgement_1xx_and_3xx_are_errors_without_a_retry() {
    let lab = Lab::new().await;
    for (n, status) in
        ["101 Switching Protocols", "300 Choices", "304 Same", "399 Whatever"].iter().enumerate()
    {
        lab.sink.then(format!("HTTP/1.1 {status}\r\nConnection: close\r\n\r\n"));
        lab.accept(EVENT, "").await;
        tests::until(status, async || lab.mesh.dead_letters().await.len() == n + 1).await;
    }
    assert_eq!(lab.sink.count(), 4);
}

#[tokio::test]
async fn acknowledgement_an_interim_1xx_is_followed_by_the_answer() {
    let lab = Lab::new().await;
    lab.sink.then(format!("HTTP/1.1 103 Early Hints\r\n\r\n{}", answer("200 OK", "", "")));
    lab.accept(EVENT, "").await;
    lab.delivered(1).await;
    assert_eq!(lab.sink.count(), 1);
}

#[tokio::test]
async fn acknowledgement_400_401_403_and_other_4xx_are_final() {
    let lab = Lab::new().await;
    for (n, status) in [400, 401, 402, 403, 405, 406, 410, 413, 415, 418, 422, 451, 499].iter().enumerate() {
        lab.sink.then(answer(&format!("{status} No"), "", ""));
        lab.accept(EVENT, "").await;
        tests::until("a dead letter", async || lab.mesh.dead_letters().await.len() == n + 1).await;
        assert_eq!(lab.sink.count(), n + 1, "{status}");
    }
}

#[tokio::test]
async fn acknowledgement_404_408_409_429_and_5xx_are_tried_again() {
    let lab = Lab::with(|trigger| {
        trigger.delivery("retry: 20").delivery("backoffPolicy: linear").delivery("backoffMax: PT0.05S")
    })
    .await;
    let refusals = [404, 408, 409, 429, 500, 501, 502, 503, 504, 511, 599];
    lab.sink.first(refusals.map(|status| answer(&format!("{status} Not now"), "", "")));
    lab.accept(EVENT, "").await;
    lab.sink.got(refusals.len() + 1).await;
    lab.delivered(1).await;
}

#[tokio::test]
async fn acknowledgement_a_code_of_no_class_is_tried_again() {
    let lab = Lab::new().await;
    lab.sink.first([answer("600 What", "", ""), answer("999 What", "", "")]);
    lab.accept(EVENT, "").await;
    lab.sink.got(3).await;
    lab.delivered(1).await;
}

#[tokio::test]
async fn acknowledgement_what_is_not_an_event_is_400() {
    let lab = Lab::new().await;
    for (headers, body) in [("", ""), (STRUCTURED, "{"), (BATCH, "{}")] {
        lab.refuse(400, headers, body).await;
    }
}

#[tokio::test]
async fn acknowledgement_no_target_is_404() {
    let lab = Lab::new().await;
    for path in ["/default/nobody", "/nobody/shop", "/"] {
        assert_eq!(lab.ask(post(path, EVENT.as_bytes(), b"")).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn retries_follow_the_backoff() {
    let lab = Lab::with(|trigger| trigger.delivery("retry: 5").delivery("backoffPolicy: exponential")).await;
    lab.sink.then(answer("500 No", "", ""));
    let begin = Instant::now();
    lab.accept(EVENT, "").await;
    assert_eq!(lab.dead_letter().await["attempts"], 6);
    // Longer than linear waits could take.
    let least = Duration::from_millis(50 + 100 + 200 + 400 + 800).mul_f64(0.8);
    assert!(begin.elapsed() >= least, "{:?}", begin.elapsed());
    assert_eq!(lab.sink.count(), 6);
}

#[tokio::test]
async fn observability_trace_context_is_passed_on() {
    let lab = Lab::new().await;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let got =
        lab.pass_binary(&format!("traceparent: {parent}\r\ntracestate: a=1\r\ntracestate: b=2\r\n")).await;
    assert_eq!((got.header("traceparent"), got.header("tracestate")), (parent.into(), "a=1,b=2".into()));
    let nonsense = lab.pass_binary("traceparent: nonsense\r\n").await;
    assert!(!nonsense.has("traceparent"));
}

#[tokio::test]
async fn replies_are_asked_for_at_the_subscriber_and_nowhere_else() {
    let dead = RawSink::start().await;
    let lab = Lab::with(|trigger| trigger.delivery("retry: 0").dead_letters_to(&dead.url())).await;
    assert_eq!(lab.pass(EVENT, "").await.header("prefer"), "reply");
    lab.sink.then(answer("500 No", "", ""));
    lab.accept(EVENT, "").await;
    assert!(!dead.got(1).await[0].has("prefer"));
}

#[tokio::test]
async fn replies_are_events_in_a_200_in_each_mode() {
    let (lab, listener) = asking().await;
    let json = JSON.replace(r#""type":"t""#, r#""type":"reply""#);
    for (n, (headers, body)) in
        [(REPLY, "hi".to_owned()), (STRUCTURED, format!("{json}}}")), (BATCH, format!("[{json}}}]"))]
            .iter()
            .enumerate()
    {
        lab.sink.then(answer("200 OK", headers, body));
        lab.accept(EVENT, "").await;
        listener.got(n + 1).await;
    }
    lab.delivered(3).await;
}

#[tokio::test]
async fn replies_in_a_202_are_not_looked_at() {
    let (lab, listener) = asking().await;
    for status in ["202 Accepted", "201 Created"] {
        lab.sink.then(answer(status, REPLY, "hi"));
        lab.accept(EVENT, "").await;
    }
    lab.delivered(2).await;
    lab.sink.then(answer("200 OK", &REPLY.replace("ce-id: r", "ce-id: marker"), "hi"));
    lab.accept(EVENT, "").await;
    assert_eq!(listener.got(1).await[0].header("ce-id"), "marker");
}

#[tokio::test]
async fn replies_may_be_empty() {
    let lab = Lab::new().await;
    lab.sink.then(answer("200 OK", "", ""));
    lab.accept(EVENT, "").await;
    lab.delivered(1).await;
}

/// What the dead letter sink says is nobody's reply: it was not asked.
#[tokio::test]
async fn replies_nobody_asked_for_are_taken_as_acceptance() {
    let (sink, listener, dead) = (Sink::start().await, Sink::start().await, Sink::start().await);
    sink.then(tests::Reaction::Status(400));
    dead.then(tests::Reaction::Reply(Message::new("r", "reply")));
    let bill = Trigger::new("bill", &sink.url()).of_type("order").dead_letters_to(&dead.url());
    let tell = Trigger::new("tell", &listener.url()).of_type("reply");
    let mesh = Mesh::with(&[broker("shop", &[]), bill.to_string(), tell.to_string()]).await;
    mesh.accept("/default/shop", [Message::new("1", "order")]).await;
    dead.got(1).await;
    let buried = "sluice_deliveries_total{trigger=\"default/bill\",result=\"dead_letter\"}";
    tests::until("the dead letter counted", async || mesh.metric(buried).await == 1.0).await;
    mesh.accept("/default/shop", [Message::new("marker", "reply")]).await;
    assert_eq!(listener.got(1).await[0].header("ce-id"), "marker");
}
