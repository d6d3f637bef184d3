use super::house::{Server, a_sink, object, sluice};
use crate::error::Exit;
use broker_core::RoutingTable;
use serde_json::{Value, json};

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn what_is_sent_is_what_the_sink_prints() {
    for mode in ["binary", "structured"] {
        let sink = a_sink(&["-o", "json"]).await;
        let done = sluice(&[
            "send",
            &sink.url,
            "--id",
            "7",
            "--type",
            "order.new",
            "--source",
            "/shop",
            "--subject",
            "blue",
            "--ext",
            "region=eu",
            "--data",
            "{\"total\":7}",
            "--mode",
            mode,
        ])
        .await;
        assert_eq!((done.exit, done.out.as_str()), (Exit::Done, "7 200\n"), "{mode}: {}", done.err);
        let want = json!({
            "specversion": "1.0", "id": "7", "type": "order.new", "source": "/shop", "subject": "blue",
            "region": "eu", "datacontenttype": "application/json", "data": { "total": 7 },
        });
        assert_eq!(lines(&sink.out.text()), [want], "{mode}");
    }
}

#[tokio::test]
async fn data_comes_from_a_file_and_names_its_type() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "not json").unwrap();
    let sink = a_sink(&["-o", "json"]).await;
    let at_file = format!("@{}", file.path().display());
    sluice(&["send", &sink.url, "--data", &at_file]).await;
    let event = &lines(&sink.out.text())[0];
    assert_eq!((&event["datacontenttype"], &event["data"]), (&json!("text/plain"), &json!("not json")));
    let missing = sluice(&["send", &sink.url, "--data", "@/nowhere"]).await;
    assert_eq!(missing.exit, Exit::Usage);
    assert!(missing.err.contains("--data @/nowhere"), "{}", missing.err);
}

#[tokio::test]
async fn many_events_go_singly_or_in_batches_and_each_is_reported() {
    for extra in
        [&["--count", "25"][..], &["--count", "25", "--batch", "10"], &["--count", "25", "--rate", "100000"]]
    {
        let sink = a_sink(&["-o", "json"]).await;
        let done = sluice(&[&["send", &sink.url, "--id", "x", "-o", "json"], extra].concat()).await;
        assert_eq!(done.exit, Exit::Done, "{extra:?}: {}", done.err);
        let mut sent: Vec<String> = lines(&done.out).iter().map(|line| line["id"].to_string()).collect();
        let mut seen: Vec<String> =
            lines(&sink.out.text()).iter().map(|line| line["id"].to_string()).collect();
        sent.sort();
        seen.sort();
        assert_eq!(sent.len(), 25, "{extra:?}");
        assert_eq!(sent, seen, "{extra:?}");
        assert!(lines(&done.out).iter().all(|line| line["status"] == 200));
    }
}

#[tokio::test(start_paused = true)]
async fn a_rate_is_kept() {
    let sink = a_sink(&[]).await;
    let begin = tokio::time::Instant::now();
    sluice(&["send", &sink.url, "--count", "11", "--rate", "2"]).await;
    let took = begin.elapsed().as_secs_f64();
    assert!((4.9..6.0).contains(&took), "{took}");
}

#[tokio::test]
async fn a_refusal_is_told_with_its_reason() {
    let sink = a_sink(&["--status", "422"]).await;
    let done = sluice(&["send", &sink.url, "--id", "7"]).await;
    assert_eq!((done.exit, done.out.trim_end()), (Exit::Failed, "7 422"));
    let server = Server::start(RoutingTable::default(), Vec::new()).await;
    let nowhere = format!("{}/nowhere", server.url);
    let done = sluice(&["send", &nowhere, "--id", "7", "-o", "json"]).await;
    assert_eq!((done.exit, &done.json()["status"]), (Exit::Failed, &json!(404)));
    assert!(done.json()["detail"].as_str().unwrap().contains("no such address"), "{}", done.out);
}

#[tokio::test]
async fn an_attribute_that_breaks_a_rule_is_refused_before_anything_is_sent() {
    let done = sluice(&["send", "http://127.0.0.1:9/", "--ext", "Region=eu"]).await;
    assert_eq!(done.exit, Exit::Usage);
    assert!(done.err.contains("Region"), "{}", done.err);
}

#[tokio::test]
async fn nobody_there_is_69() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", gone.local_addr().unwrap());
    drop(gone);
    assert_eq!(sluice(&["send", &url, "--count", "3"]).await.exit, Exit::NoServer);
    assert_eq!(sluice(&["send", "default/shop", "--server", &url]).await.exit, Exit::NoServer);
}

#[tokio::test]
async fn a_broker_is_found_by_its_name() {
    let sink = a_sink(&["-o", "json"]).await;
    let status = json!({ "address": { "url": sink.url } });
    let objects =
        vec![object("Broker", "default", "shop", status), object("Broker", "prod", "new", json!({}))];
    let server = Server::start(RoutingTable::default(), objects).await;
    let done = server.sluice(&["send", "shop", "--id", "1"]).await;
    assert_eq!((done.exit, done.out.as_str()), (Exit::Done, "1 200\n"), "{}", done.err);
    assert_eq!(lines(&sink.out.text()).len(), 1);
    for (target, says) in [("prod/new", "no address yet"), ("prod/none", "no Broker `prod/none`")] {
        let done = server.sluice(&["send", target]).await;
        assert_eq!(done.exit, Exit::Failed);
        assert!(done.err.contains(says), "{}", done.err);
    }
}

#[tokio::test]
async fn a_sink_fails_first_and_then_answers() {
    for (flags, want) in [
        (&["--fail-first", "2"][..], ["503", "503", "200"]),
        (&["--fail-first", "1", "--status", "429"], ["429", "200", "200"]),
        (&["--status", "404"], ["404", "404", "404"]),
    ] {
        let sink = a_sink(flags).await;
        for status in want {
            let done = sluice(&["send", &sink.url, "-o", "json"]).await;
            assert_eq!(done.json()["status"].to_string(), status, "{flags:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_sink_waits_or_hangs() {
    let slow = a_sink(&["--delay", "7s"]).await;
    let begin = tokio::time::Instant::now();
    assert_eq!(sluice(&["send", &slow.url]).await.exit, Exit::Done);
    assert!(begin.elapsed().as_secs() >= 7);
    let hanging = a_sink(&["--hang"]).await;
    let done = sluice(&["send", &hanging.url]).await;
    assert_eq!(done.exit, Exit::NoServer, "{}", done.err);
    assert!(hanging.out.text().contains("no answer"), "{}", hanging.out.text());
}

#[tokio::test]
async fn a_sink_replies_with_an_event() {
    let sink = a_sink(&["--reply", "order.billed"]).await;
    let client: hyper_util::client::legacy::Client<_, http_body_util::Full<bytes::Bytes>> =
        hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
    let request = http::Request::post(&sink.url)
        .header("ce-specversion", "1.0")
        .header("ce-id", "1")
        .header("ce-source", "/shop")
        .header("ce-type", "order.new")
        .header("content-type", "application/json")
        .body("{\"total\":7}".into())
        .unwrap();
    let answer = client.request(request).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["ce-type"]),
        (200, &"order.billed".parse().unwrap())
    );
    let body = http_body_util::BodyExt::collect(answer.into_body()).await.unwrap().to_bytes();
    assert_eq!(body, "{\"total\":7}");
}

#[tokio::test]
async fn a_sink_says_what_is_no_event() {
    let sink = a_sink(&[]).await;
    let url = &sink.url;
    let done = sluice(&["send", url, "--id", "1"]).await;
    assert_eq!(done.exit, Exit::Done);
    assert!(sink.out.text().contains(" 200 dev.sluice.test 1 /sluice/send\n"), "{}", sink.out.text());
    let client: hyper_util::client::legacy::Client<_, String> =
        hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
    let request = http::Request::post(url).header("ce-id", "1").body("x".to_owned()).unwrap();
    assert_eq!(client.request(request).await.unwrap().status(), 400);
    assert!(sink.err.text().contains("400 not an event: "), "{}", sink.err.text());
}
