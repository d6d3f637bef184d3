//! Where a subscriber's answers go.

use tests::{Mesh, Message, RawSink, Reaction, Sink, Subscription, channel, reference, until};

fn answering(id: &str) -> Reaction {
    Reaction::Reply(Message::new(id, "answer").data("{\"yes\":true}"))
}

#[tokio::test]
async fn an_answer_goes_into_another_channel() {
    let (worker, told) = (Sink::reacting(answering("a")).await, Sink::start().await);
    let to_done = reference("messaging.knative.dev/v1", "Channel", "done");
    let mesh = Mesh::with(&[
        channel("jobs", &[], &[]),
        channel("done", &[], &[]),
        Subscription::new("work").to(&worker.url()).says(&format!("reply: {to_done}")).to_string(),
        Subscription::new("tell").of("done").to(&told.url()).to_string(),
    ])
    .await;
    mesh.accept("/channels/default/jobs", [Message::new("1", "job")]).await;
    let answer = told.got(1).await.remove(0);
    assert_eq!((answer.header("ce-id"), answer.body.as_ref()), ("a", b"{\"yes\":true}".as_slice()));
}

#[tokio::test]
async fn without_a_reply_answers_are_dropped_and_counted() {
    let worker = Sink::reacting(answering("a")).await;
    let mesh =
        Mesh::with(&[channel("jobs", &[], &[]), Subscription::new("work").to(&worker.url()).to_string()])
            .await;
    mesh.accept("/channels/default/jobs", [Message::new("1", "job")]).await;
    until("the answer dropped", async || {
        mesh.metric("sluice_replies_total{result=\"unwanted\"}").await == 1.0
    })
    .await;
    assert_eq!(worker.received()[0].header("prefer"), "reply");
    assert!(mesh.dead_letters().await.is_empty());
}

#[tokio::test]
async fn without_a_subscriber_the_events_themselves_go_to_reply() {
    let sink = Sink::reacting(answering("never sent on")).await;
    let to_done = reference("messaging.knative.dev/v1", "Channel", "done");
    let mesh = Mesh::with(&[
        channel("jobs", &[], &[]),
        channel("done", &[], &[]),
        Subscription::new("outside").replies_to(&sink.url()).to_string(),
        Subscription::new("inside").says(&format!("reply: {to_done}")).to_string(),
        Subscription::new("tell").of("done").to(&sink.url()).to_string(),
    ])
    .await;
    mesh.accept("/channels/default/jobs", [Message::new("1", "job")]).await;
    sink.got(2).await;
    assert_eq!(sink.ids(), ["1", "1"]);
}

#[tokio::test]
async fn each_sink_of_a_subscription_is_asked_for_its_consent() {
    let (worker, told) = (RawSink::start().await, RawSink::start().await);
    let consent = "HTTP/1.1 200 OK\r\nWebHook-Allowed-Origin: default.sluice\r\nContent-Length: 0\r\n\r\n";
    let answer = "HTTP/1.1 200 OK\r\nce-specversion: 1.0\r\nce-id: a\r\nce-source: s\r\nce-type: answer\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx";
    worker.first([consent, answer]);
    told.first([consent]);
    let asking = "sluice.dev/webhook-handshake: \"true\"";
    let work = Subscription::new("work").annotated(asking).to(&worker.url()).replies_to(&told.url());
    let mesh = Mesh::with(&[channel("jobs", &[], &[]), work.to_string()]).await;
    mesh.accept("/channels/default/jobs", [Message::new("1", "job")]).await;
    for (sink, id) in [(&worker, "1"), (&told, "a")] {
        let got = sink.got(2).await;
        assert_eq!([&got[0].line, &got[1].line], ["OPTIONS / HTTP/1.1", "POST / HTTP/1.1"]);
        assert!(got.iter().all(|request| request.header("webhook-request-origin") == "default.sluice"));
        let body = got[1].text();
        assert!(got[1].header("ce-id") == id || body.contains(&format!("\"id\":\"{id}\"")), "{got:?}");
    }
}

/// The sink of the answers is down: they wait for it, over a restart, and nobody asks the subscriber again.
#[tokio::test]
async fn an_answer_has_tries_of_its_own() {
    let worker = Sink::start().await;
    worker.first([answering("a")]);
    let mut told = Sink::start().await;
    told.stop().await;
    let work = Subscription::new("work")
        .to(&worker.url())
        .replies_to(&told.url())
        .delivery("retry: 1000")
        .delivery("backoffDelay: PT0.05S")
        .delivery("backoffMax: PT0.1S");
    let mut mesh = Mesh::with(&[channel("jobs", &[], &[]), work.to_string()]).await;
    mesh.accept("/channels/default/jobs", [Message::new("1", "job")]).await;
    until("tries to hand the answer on", async || {
        let tries =
            "sluice_attempts_total{trigger=\"subscriptions/default/work/reply\",class=\"unreachable\"}";
        mesh.metric(tries).await >= 2.0
    })
    .await;
    until("the event done with", async || {
        mesh.metric("sluice_trigger_lag{trigger=\"subscriptions/default/work\"}").await == 0.0
    })
    .await;
    let object = mesh.cli(&["get", "sub", "work", "-o", "json"]).await.json();
    assert_eq!(object["status"]["sluice"]["backlog"], 1, "{object}");
    mesh.kill().await;
    mesh.start().await;
    told.resume().await;
    let answer = told.got(1).await.remove(0);
    assert_eq!((answer.header("ce-id"), answer.header("prefer")), ("a", ""));
    until("nothing left", async || {
        let object = mesh.cli(&["get", "sub", "work", "-o", "json"]).await.json();
        object["status"]["sluice"]["backlog"] == 0
    })
    .await;
    assert_eq!(worker.ids(), ["1"]);
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_a_dead_letter_of_the_reply() {
    let (worker, told) = (Sink::reacting(answering("a")).await, Sink::reacting(Reaction::Status(400)).await);
    let work = Subscription::new("work").to(&worker.url()).replies_to(&told.url());
    let mesh = Mesh::with(&[channel("jobs", &[], &[]), work.to_string()]).await;
    mesh.accept("/channels/default/jobs", [Message::new("1", "job")]).await;
    until("a dead letter", async || mesh.dead_letters().await.len() == 1).await;
    let letter = &mesh.dead_letters().await[0];
    assert_eq!(
        (letter["trigger"].as_str(), letter["event"]["id"].as_str()),
        (Some("subscriptions/default/work/reply"), Some("a"))
    );
    told.then(Reaction::Status(200));
    mesh.cli(&["dlq", "redrive", "--trigger", "subscriptions/default/work/reply"]).await.done();
    told.got(2).await;
    until("no dead letter", async || mesh.dead_letters().await.is_empty()).await;
    assert_eq!(worker.count(), 1);
}

#[tokio::test]
async fn an_answer_into_its_own_channel_goes_round_until_its_rounds_are_used_up() {
    let worker = Sink::reacting(answering("again")).await;
    let to_jobs = reference("messaging.knative.dev/v1", "Channel", "jobs");
    let mesh = Mesh::with(&[
        channel("jobs", &["sluice.dev/hops: '5'"], &[]),
        Subscription::new("work").to(&worker.url()).says(&format!("reply: {to_jobs}")).to_string(),
    ])
    .await;
    mesh.accept("/channels/default/jobs", [Message::new("1", "job")]).await;
    until("the last answer as a dead letter", async || mesh.dead_letters().await.len() == 1).await;
    assert_eq!(worker.count(), 5);
}

#[tokio::test]
async fn answers_that_wait_go_where_a_changed_reply_leads() {
    let (worker, told) = (Sink::reacting(answering("a")).await, Sink::start().await);
    let mut nobody = Sink::start().await;
    nobody.stop().await;
    let work = Subscription::new("work").to(&worker.url()).delivery("backoffMax: PT0.1S");
    let work = work.delivery("retry: 1000");
    let others = [
        channel("jobs", &[], &[]),
        channel("done", &[], &[]),
        Subscription::new("tell").of("done").to(&told.url()).to_string(),
    ]
    .concat();
    let mesh = Mesh::with(&[others.clone(), work.clone().replies_to(&nobody.url()).to_string()]).await;
    mesh.accept("/channels/default/jobs", [Message::new("1", "job")]).await;
    until("the answer waits", async || {
        mesh.metric("sluice_trigger_waiting{trigger=\"subscriptions/default/work/reply\"}").await == 1.0
    })
    .await;
    let to_done = reference("messaging.knative.dev/v1", "Channel", "done");
    mesh.write("mesh.yaml", &(others + &work.says(&format!("reply: {to_done}")).to_string()));
    assert_eq!(told.got(1).await[0].header("ce-id"), "a");
    assert_eq!(worker.count(), 1);
}
