//! What the specifications leave open, as it was decided.

use super::{BATCH, EVENT, JSON, Lab, STRUCTURED, answer, post};
use std::time::{Duration, Instant};
use tests::{Mesh, RawClient, RawSink, Trigger, broker, until};

const REPLY: &str = "ce-specversion: 1.0\r\nce-id: r\r\nce-source: /sink\r\nce-type: reply\r\n";

#[tokio::test]
async fn header_values_are_decoded_for_filters_and_passed_on_byte_for_byte() {
    let lab = Lab::with(|trigger| trigger.of_type("\"a b€\"")).await;
    for ty in ["a%20b%E2%82%AC", "\"a b%e2%82%ac\"", "a b€", "%61%20b€"] {
        let got = lab.pass(EVENT.replace("ce-type: t", &format!("ce-type: {ty}")), "").await;
        assert_eq!(got.header("ce-type"), ty);
    }
}

#[tokio::test]
async fn header_values_made_from_json_follow_the_rule_of_the_binding() {
    let lab = Lab::writing("binary").await;
    assert_eq!(lab.pass_json(r#","x":"a b%é""#).await.header("ce-x"), "a%20b%25%C3%A9");
}

#[tokio::test]
async fn what_two_readers_could_read_differently_is_400() {
    let lab = Lab::new().await;
    for headers in [
        "ce-x: %ff\r\n",
        "ce-x: %0A\r\n",
        "ce-x: 1\r\nce-x: 2\r\n",
        "Content-Type: a/b\r\nContent-Type: c/d\r\n",
    ] {
        lab.refuse_binary(headers).await;
    }
    for members in
        [r#","data":1,"data_base64":"AA==""#, r#","x":1.5"#, r#","x":{}"#, r#","x":1,"x":1"#, r#","x":"\n""#]
    {
        lab.refuse_json(members).await;
    }
}

#[tokio::test]
async fn json_without_datacontenttype_is_json_for_sinks_and_filters() {
    let sink = RawSink::start().await;
    let filtered = Trigger::new("bill", &sink.url())
        .delivery("format: binary")
        .to_string()
        .replace("spec:\n", "spec:\n  filter:\n    attributes:\n      datacontenttype: application/json\n");
    let lab = Lab { mesh: Mesh::with(&[broker("shop", &[]), filtered]).await, sink };
    let got = lab.pass_json(r#","data":{"a":1}"#).await;
    assert_eq!((got.header("content-type"), got.text()), ("application/json".into(), r#"{"a":1}"#.into()));
    lab.accept(EVENT, "binary without a type does not match").await;
    lab.pass(format!("{EVENT}Content-Type: application/json\r\n"), "1").await;
    assert_eq!(lab.sink.count(), 2);
}

#[tokio::test]
async fn a_2xx_without_an_event_is_success_and_counted() {
    let lab = Lab::new().await;
    lab.sink.first([
        answer("200 OK", "Content-Type: text/html\r\n", "<p>thanks"),
        answer("201 Made", REPLY, "x"),
    ]);
    for _ in 0..2 {
        lab.accept(EVENT, "").await;
    }
    lab.delivered(2).await;
    assert_eq!(lab.mesh.metric("sluice_replies_total{result=\"ignored\"}").await, 2.0);
}

#[tokio::test]
async fn a_200_that_claims_to_be_an_event_and_is_none_is_a_failed_attempt() {
    let lab = Lab::new().await;
    lab.sink.first([
        answer("200 OK", "ce-id: r\r\nce-specversion: 1.0\r\n", ""),
        answer("200 OK", STRUCTURED, "{"),
        answer("200 OK", "Content-Type: application/cloudevents+avro\r\n", "x"),
    ]);
    lab.accept(EVENT, "").await;
    lab.sink.got(4).await;
    lab.delivered(1).await;
}

#[tokio::test]
async fn a_200_whose_body_breaks_off_is_a_failed_attempt() {
    let lab = Lab::new().await;
    lab.sink.first([
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ]);
    lab.accept(EVENT, "").await;
    lab.sink.got(3).await;
    lab.delivered(1).await;
}

#[tokio::test]
async fn a_reply_out_of_rounds_or_too_large_is_kept_and_its_cause_is_done() {
    let sink = RawSink::start().await;
    let bill = Trigger::new("bill", &sink.url());
    let lab = Lab {
        mesh: Mesh::with(&[broker("shop", &["sluice.dev/hops: \"1\""]), bill.to_string()]).await,
        sink,
    };
    lab.sink.first([answer("200 OK", REPLY, "round")]);
    lab.accept(EVENT, "").await;
    let letter = lab.dead_letter().await;
    assert_eq!((&letter["event"]["id"], &letter["event"]["type"]), (&"r".into(), &"reply".into()));
    lab.delivered(1).await;
    lab.mesh.cli(&["dlq", "purge", "--all"]).await.done();
    let large = "x".repeat(1024 * 1024 + 1);
    let event = JSON.replace(r#""id":"1""#, r#""id":"large""#);
    lab.sink.first([answer("200 OK", BATCH, &format!(r#"[{event},"data":"{large}"}}]"#))]);
    lab.accept(EVENT, "").await;
    assert_eq!(lab.dead_letter().await["event"]["id"], "large");
    lab.delivered(2).await;
}

#[tokio::test]
async fn the_waits_of_linear_grow_by_the_delay() {
    let lab = Lab::with(|trigger| trigger.delivery("retry: 3").delivery("backoffPolicy: linear")).await;
    lab.sink.then(answer("500 No", "", ""));
    let begin = Instant::now();
    lab.accept(EVENT, "").await;
    lab.dead_letter().await;
    let least = Duration::from_millis(50 + 100 + 150).mul_f64(0.8);
    assert!(begin.elapsed() >= least, "{:?}", begin.elapsed());
}

/// The Broker says no retries and who takes dead letters; only the latter holds for a Trigger with a `delivery`.
#[tokio::test]
async fn a_triggers_delivery_replaces_its_brokers_but_for_the_dead_letter_sink() {
    let (sink, dead) = (RawSink::start().await, RawSink::start().await);
    sink.then(answer("500 No", "", ""));
    let delivery =
        format!("spec:\n  delivery:\n    retry: 0\n    deadLetterSink: {{uri: \"{}\"}}\n---\n", dead.url());
    let shop = broker("shop", &[]).replace("---\n", &delivery);
    let own = Trigger::new("bill", &sink.url()).delivery("retry: 2").delivery("backoffDelay: PT0.01S");
    let mesh = Mesh::with(&[shop, own.to_string()]).await;
    let lab = Lab { mesh, sink };
    lab.accept(EVENT, "").await;
    assert_eq!(dead.got(1).await[0].header("ce-knativeerrorcode"), "500");
    assert_eq!(lab.sink.count(), 3);
}

#[tokio::test]
async fn retry_0_means_none() {
    let lab = Lab::with(|trigger| trigger.delivery("retry: 0")).await;
    lab.sink.then(answer("500 No", "", ""));
    lab.accept(EVENT, "").await;
    assert_eq!(lab.dead_letter().await["attempts"], 1);
    assert_eq!(lab.sink.count(), 1);
}

#[tokio::test]
async fn without_a_dead_letter_sink_nothing_is_dropped() {
    let lab = Lab::with(|trigger| trigger.delivery("retry: 0")).await;
    lab.sink.then(answer("400 No", "Content-Type: text/plain\r\n", "because"));
    lab.accept(format!("{EVENT}Content-Type: text/plain\r\n"), "kept").await;
    let letter = lab.dead_letter().await;
    assert_eq!((&letter["lastStatus"], &letter["lastBody"]), (&400.into(), &"because".into()));
    assert_eq!(letter["event"]["data"], "kept");
}

#[tokio::test]
async fn dead_letters_say_where_and_why_and_ask_for_nothing() {
    let dead = RawSink::start().await;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let lab = Lab::with(|trigger| trigger.delivery("retry: 0").dead_letters_to(&dead.url())).await;
    lab.sink.then(answer("500 No", "", &"x".repeat(2000)));
    lab.accept(format!("{EVENT}traceparent: {parent}\r\n"), "").await;
    let got = dead.got(1).await.remove(0);
    assert_eq!((got.header("kn-namespace"), got.header("traceparent")), ("default".into(), parent.into()));
    assert!(!got.has("prefer"));
    assert_eq!(
        (got.header("ce-knativeerrordest"), got.header("ce-knativeerrorcode")),
        (lab.sink.url(), "500".into())
    );
    assert_eq!(got.header("ce-knativeerrordata").len(), 1024_usize.div_ceil(3) * 4, "1024 bytes in base64");
}

#[tokio::test]
async fn requests_say_which_namespace_they_come_from() {
    let lab = Lab::new().await;
    assert_eq!(lab.pass(EVENT, "").await.header("kn-namespace"), "default");
}

#[tokio::test]
async fn rounds_are_lowered_by_knativebrokerttl_and_not_shown() {
    let lab = Lab::new().await;
    assert!(!lab.pass_binary("ce-knativebrokerttl: 5\r\n").await.has("ce-knativebrokerttl"));
    let why = lab.refuse_binary("ce-knativebrokerttl: 0\r\n").await;
    assert!(why.contains("rounds"), "{why}");
    lab.sink.first([answer("200 OK", REPLY, "")]);
    lab.accept(format!("{EVENT}ce-knativebrokerttl: 1\r\n"), "").await;
    assert_eq!(lab.dead_letter().await["event"]["id"], "r");
}

#[tokio::test]
async fn retry_after_is_kept_to_up_to_its_limit() {
    for (limit, seconds) in [("PT1S", 1), ("PT0S", 0)] {
        let lab = Lab::with(|trigger| trigger.delivery(&format!("retryAfterMax: {limit}"))).await;
        lab.sink.first([answer("503 Busy", "Retry-After: 3600\r\n", "")]);
        let begin = Instant::now();
        lab.accept(EVENT, "").await;
        lab.sink.got(2).await;
        assert!(begin.elapsed() >= Duration::from_secs(seconds), "{:?}", begin.elapsed());
        assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    }
}

#[tokio::test]
async fn paths_have_two_segments_or_a_prefix_and_two() {
    let lab = Lab::new().await;
    for path in ["/default/shop", "/default/shop/", "/default/shop?a=b", "/default/shop/?x"] {
        assert_eq!(lab.ask(post(path, EVENT.as_bytes(), b"")).await.status(), 202, "{path}");
    }
    for path in [
        "/",
        "/shop",
        "/default/shop/more",
        "/default//shop",
        "//shop",
        "/default/shop//",
        "/channels/default/shop",
    ] {
        assert_eq!(lab.ask(post(path, EVENT.as_bytes(), b"")).await.status(), 404, "{path}");
    }
    assert_eq!(
        lab.ask(post("/default/nobody", b"", b"{")).await.status(),
        404,
        "the target is looked at first"
    );
}

#[tokio::test]
async fn what_is_never_valid_is_400() {
    let lab = Lab::new().await;
    for members in [r#","subject":"""#, r#","n":2147483648"#, r#","Upper":"x""#, r#","x":"\uffff""#] {
        lab.refuse_json(members).await;
    }
    lab.refuse(400, EVENT.replace("/s", "/a b"), "").await;
    assert_eq!(lab.pass(EVENT.replace("/s", "/a%20b"), "").await.header("ce-source"), "/a%20b");
}

#[tokio::test]
async fn what_is_odd_and_clear_is_taken_as_it_is() {
    let lab = Lab::new().await;
    for (header, value) in [("100%", "100%"), ("%zz", "%zz"), ("", ""), ("grün € raw", "grün € raw")] {
        let got = lab.pass_binary(&format!("ce-x: {header}\r\n")).await;
        assert!(got.has("ce-x"), "{header}");
        assert_eq!(got.header("ce-x"), value);
    }
    lab.refuse(400, [EVENT.as_bytes(), b"ce-x: \xff\r\n"].concat(), "").await;
}

#[tokio::test]
async fn base64_stays_base64() {
    let lab = Lab::new().await;
    let got = lab.pass_json(r#","datacontenttype":"application/json","data_base64":"eyJhIjoxfQ==""#).await;
    assert!(got.text().ends_with(r#","data_base64":"eyJhIjoxfQ=="}"#), "{}", got.text());
}

#[tokio::test]
async fn encoded_content_is_415() {
    let lab = Lab::new().await;
    for coding in ["gzip", "br", "identity, gzip", "nonsense"] {
        let why = lab.refuse(415, format!("{EVENT}Content-Encoding: {coding}\r\n"), "x").await;
        assert!(why.contains(coding), "{why}");
    }
    assert_eq!(lab.pass(format!("{EVENT}Content-Encoding: identity\r\n"), "x").await.text(), "x");
}

#[tokio::test]
async fn no_host_or_two_are_400() {
    let lab = Lab::new().await;
    let event = String::from_utf8(post("/default/shop", EVENT.as_bytes(), b"")).unwrap();
    for host in ["", "Host: a\r\nHost: b\r\n", "Host: a\r\nHost: a\r\n", "Host: a/b\r\n"] {
        assert_eq!(lab.ask(event.replace("Host: test\r\n", host)).await.status(), 400, "{host}");
    }
}

#[tokio::test]
async fn a_batch_may_be_sixteen_times_as_large_as_an_event() {
    let sink = RawSink::start().await;
    let mut mesh = Mesh::new();
    mesh.flags(&["--max-event-size", "1000"]);
    mesh.write("mesh.yaml", &(broker("shop", &[]) + &Trigger::new("bill", &sink.url()).to_string()));
    mesh.start().await;
    let lab = Lab { mesh, sink };
    let batch = |n: usize| format!("[{}]", vec![format!(r#"{JSON},"data":"x"}}"#); n].join(","));
    assert!(batch(200).len() > 8_000 && batch(200).len() < 16_000 && batch(300).len() > 16_000);
    lab.accept(BATCH, batch(200)).await;
    assert!(lab.refuse(413, BATCH, batch(300)).await.contains("16 times"));
    let member = format!(r#"[{JSON}}},{JSON},"data":"{}"}}]"#, "x".repeat(1000));
    assert!(lab.refuse(413, BATCH, member).await.starts_with("batch member 1 has"));
    assert!(lab.refuse(413, EVENT, "x".repeat(1001)).await.contains("1000 bytes"));
    lab.sink.got(200).await;
}

#[tokio::test]
async fn headers_have_64_kib_together() {
    let lab = Lab::new().await;
    let many: String = (0..90).map(|n| format!("x-{n}: {}\r\n", "y".repeat(800))).collect();
    let mut client = RawClient::connect(&lab.mesh.events("")).await;
    client.send(post("/default/shop", format!("{EVENT}{many}").as_bytes(), b"")).await;
    assert_eq!(client.answer().await.unwrap().status(), 431);
    lab.pass(EVENT, "others go on").await;
}

#[tokio::test]
async fn an_event_that_matches_nobody_is_202_and_gone() {
    let lab = Lab::with(|trigger| trigger.of_type("other")).await;
    lab.accept(EVENT, "").await;
    lab.pass(EVENT.replace("ce-type: t", "ce-type: other"), "").await;
    assert_eq!(lab.sink.count(), 1);
    until("nothing left", async || {
        lab.mesh.metric("sluice_trigger_lag{trigger=\"default/bill\"}").await == 0.0
    })
    .await;
}
