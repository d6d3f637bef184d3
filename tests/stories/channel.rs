//! A Channel hands every event to each of its Subscriptions.

use tests::{Mesh, Message, Reaction, Sink, Subscription, Trigger, broker, channel, reference, until};

#[tokio::test]
async fn each_subscription_gets_each_event_also_two_with_one_subscriber() {
    let (shared, other) = (Sink::start().await, Sink::start().await);
    let mesh = Mesh::with(&[
        channel("jobs", &[], &[]),
        Subscription::new("first").to(&shared.url()).to_string(),
        Subscription::new("second").to(&shared.url()).to_string(),
        Subscription::new("third").to(&other.url()).replies_to(&shared.url()).to_string(),
    ])
    .await;
    mesh.accept("/channels/default/jobs", (0..20).map(|n| Message::new(&n.to_string(), "job"))).await;
    shared.got(40).await;
    other.got(20).await;
    let ids = shared.ids();
    for n in 0..20 {
        assert_eq!(ids.iter().filter(|id| **id == n.to_string()).count(), 2, "{n}");
    }
    let one = other.received().remove(0);
    assert_eq!((one.header("prefer"), one.header("kn-namespace")), ("reply", "default"));
    let event = r#"{"specversion": "1.0", "id": "1", "source": "/a", "type": "job"}"#;
    std::fs::write(mesh.folder().join("event.json"), event).unwrap();
    let explain = ["explain", "--event", "event.json", "--broker", "channels/default/jobs", "-o", "json"];
    let explained = mesh.cli(&explain).await.json();
    assert_eq!(explained.as_array().unwrap().len(), 3, "{explained}");
    assert_eq!(explained[0]["trigger"], "subscriptions/default/first");
    for name in ["first", "second", "third"] {
        let delivered = format!(
            "sluice_deliveries_total{{trigger=\"subscriptions/default/{name}\",result=\"delivered\"}}"
        );
        until(&delivered, async || mesh.metric(&delivered).await == 20.0).await;
    }
}

#[tokio::test]
async fn a_channel_is_addressed_by_path_or_by_host() {
    let sink = Sink::start().await;
    let mesh =
        Mesh::with(&[channel("jobs", &[], &[]), Subscription::new("work").to(&sink.url()).to_string()]).await;
    mesh.accept("/channels/default/jobs", [Message::new("path", "job")]).await;
    for host in [
        "jobs-kn-channel.default",
        "jobs-kn-channel.default.svc",
        "jobs-kn-channel.default.svc.cluster.local",
        "JOBS-kn-channel.default.svc.cluster.local:80",
    ] {
        mesh.accept("/", [Message::new(host, "job").header("host", host)]).await;
    }
    sink.got(5).await;
    for (path, host) in [
        ("/channels/default/nobody", ""),
        ("/default/jobs", ""),
        ("/", "nobody-kn-channel.default"),
        ("/", "jobs-kn-channel.other"),
        ("/", "jobs.default"),
    ] {
        let message = Message::new("1", "job");
        let message = if host.is_empty() { message } else { message.header("host", host) };
        assert_eq!(mesh.post(path, message).await.status, 404, "{path} {host}");
    }
    let invalid = Message::new("1", "job").without("ce-type").header("host", "jobs-kn-channel.default");
    assert_eq!(mesh.post("/", invalid).await.status, 400);
    assert_eq!(mesh.client().get(&mesh.events("/channels/default/jobs")).await.unwrap().status, 405);
}

#[tokio::test]
async fn brokers_and_channels_are_each_others_sinks_and_keep_the_rounds() {
    let (sink, dead) = (Sink::start().await, Sink::start().await);
    let to_jobs = reference("messaging.knative.dev/v1", "Channel", "jobs");
    let to_shop = reference("eventing.knative.dev/v1", "Broker", "shop");
    // From the Broker into the Channel and back, until the rounds are used up.
    let enter = Trigger::new("enter", "http://unused/").to_string();
    let enter = enter.replace("subscriber:\n    uri: \"http://unused/\"", &format!("subscriber: {to_jobs}"));
    let mesh = Mesh::with(&[
        broker("shop", &["sluice.dev/hops: \"6\""]),
        channel("jobs", &["sluice.dev/hops: \"6\""], &[]),
        enter,
        Subscription::new("back").says(&format!("subscriber: {to_shop}")).to_string(),
        Subscription::new("work").to(&sink.url()).to_string(),
        Trigger::new("watch", &dead.url()).to_string(),
    ])
    .await;
    mesh.accept("/default/shop", [Message::new("1", "job")]).await;
    until("the end of the rounds", async || mesh.dead_letters().await.len() == 1).await;
    assert_eq!((dead.count(), sink.count()), (3, 3));
    assert_eq!(mesh.dead_letters().await[0]["trigger"], "subscriptions/default/back");
}

#[tokio::test]
async fn a_channel_forgets_only_when_it_says_memory() {
    let sink = Sink::reacting(Reaction::Status(503)).await;
    let slow = ["backoffDelay: PT0.2S", "backoffPolicy: linear", "retry: 1000", "backoffMax: PT0.3S"];
    let in_memory = channel("durable", &[], &slow).replace("kind: Channel", "kind: InMemoryChannel");
    let of_durable = Subscription::new("durable").of("durable").to(&sink.url()).to_string();
    let mut mesh = Mesh::with(&[
        in_memory,
        of_durable.replace("kind: Channel", "kind: InMemoryChannel"),
        channel("forgetful", &["sluice.dev/channel: memory"], &slow),
        Subscription::new("forgetful").of("forgetful").to(&sink.url()).to_string(),
    ])
    .await;
    mesh.accept("/channels/default/durable", [Message::new("kept", "job")]).await;
    mesh.accept("/channels/default/forgetful", [Message::new("forgotten", "job")]).await;
    until("both tried", async || {
        let ids = sink.ids();
        ["kept", "forgotten"].iter().all(|id| ids.iter().any(|seen| seen == id))
    })
    .await;
    mesh.kill().await;
    let before = sink.count();
    sink.then(Reaction::Status(200));
    mesh.start().await;
    until("the kept one again", async || sink.count() > before).await;
    // Behind it in both: when this is there, the forgotten one would have been, too.
    for name in ["durable", "forgetful"] {
        mesh.accept(&format!("/channels/default/{name}"), [Message::new(name, "job")]).await;
    }
    until("both behind it", async || sink.count() >= before + 3).await;
    let mut after = sink.ids().split_off(before);
    after.sort();
    assert_eq!(after, ["durable", "forgetful", "kept"]);
}
