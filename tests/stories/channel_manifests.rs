//! Channels and Subscriptions come, change, break and go.

use tests::{Mesh, Message, Reaction, Sink, Subscription, channel, run, until};

/// Whether the object is Ready, and why not.
async fn ready(mesh: &Mesh, kind: &str, name: &str) -> (String, String) {
    let object = mesh.cli(&["get", kind, name, "-o", "json"]).await.json();
    let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let ready = conditions.into_iter().find(|condition| condition["type"] == "Ready").unwrap_or_default();
    let text = |name: &str| ready[name].as_str().unwrap_or_default().to_owned();
    (text("status"), text("reason"))
}

async fn becomes_ready(mesh: &Mesh, kind: &str, name: &str) {
    until("ready", async || ready(mesh, kind, name).await.0 == "True").await;
}

#[tokio::test]
async fn a_subscription_waits_for_its_channel() {
    let sink = Sink::start().await;
    let mesh =
        Mesh::with(&[channel("other", &[], &[]), Subscription::new("work").to(&sink.url()).to_string()])
            .await;
    assert_eq!(ready(&mesh, "subscription", "work").await, ("False".into(), "ChannelReferenceFailed".into()));
    let get = mesh.cli(&["get", "subscription"]).await.done();
    assert!(
        get.err.contains("mesh.yaml:") && get.err.contains("there is no Channel `default/jobs`"),
        "{get:?}"
    );
    assert_eq!(mesh.post("/channels/default/jobs", Message::new("0", "job")).await.status, 404);

    mesh.write("jobs.yaml", &channel("jobs", &[], &[]));
    becomes_ready(&mesh, "sub", "work").await;
    mesh.accept("/channels/default/jobs", [Message::new("1", "job")]).await;
    sink.got(1).await;
    let object = mesh.cli(&["get", "ch", "jobs", "-o", "json"]).await.json();
    let status = &object["status"];
    assert_eq!(status["address"]["url"], mesh.events("/channels/default/jobs"));
    let subscribers =
        serde_json::json!([{"name": "work", "ready": "True", "uid": "subscriptions/default/work"}]);
    assert_eq!(status["subscribers"], subscribers);
    let sent = mesh.cli(&["send", "channels/default/jobs", "--id", "2"]).await.done();
    assert!(sent.out.contains("2 202"), "{sent:?}");
    sink.got(2).await;
}

#[tokio::test]
async fn a_channel_removed_under_its_subscription_comes_back_with_what_was_open() {
    let sink = Sink::reacting(Reaction::Status(503)).await;
    let work =
        Subscription::new("work").to(&sink.url()).delivery("retry: 1000").delivery("backoffMax: PT0.1S");
    let mesh = Mesh::new();
    mesh.write("jobs.yaml", &channel("jobs", &[], &[]));
    mesh.write("work.yaml", &work.to_string());
    let mut mesh = mesh;
    mesh.start().await;
    mesh.accept("/channels/default/jobs", [Message::new("open", "job")]).await;
    sink.got(1).await;
    mesh.remove("jobs.yaml");
    until("gone", async || mesh.post("/channels/default/jobs", Message::new("x", "job")).await.status == 404)
        .await;
    assert_eq!(ready(&mesh, "subscription", "work").await.1, "ChannelReferenceFailed");
    sink.then(Reaction::Status(200));
    let before = sink.count();
    // Also over a restart: the Subscription is declared all the while.
    mesh.stop().await;
    mesh.start().await;
    mesh.write("jobs.yaml", &channel("jobs", &[], &[]));
    becomes_ready(&mesh, "sub", "work").await;
    until("the open event again", async || sink.ids()[before..].contains(&"open".to_owned())).await;
}

#[tokio::test]
async fn a_broken_version_leaves_the_last_good_one_in_force() {
    let (before, after) = (Sink::start().await, Sink::start().await);
    let work = |uri: &str| Subscription::new("work").to(uri);
    let mut mesh = Mesh::with(&[channel("jobs", &[], &[]), work(&before.url()).to_string()]).await;
    let broken = [channel("jobs", &[], &["retry: -1"]), work(&after.url()).of("elsewhere").to_string()];
    mesh.write("mesh.yaml", &broken.concat());
    until("the problems in the log", async || {
        mesh.said("spec.delivery.retry").is_some() && mesh.said("spec.channel: cannot be changed").is_some()
    })
    .await;
    mesh.accept("/channels/default/jobs", [Message::new("1", "job")]).await;
    before.got(1).await;
    mesh.kill().await;
    mesh.launch().await;
    until("the last good version after a restart", async || {
        mesh.post("/channels/default/jobs", Message::new("2", "job")).await.status == 202
    })
    .await;
    until("its event", async || before.ids().contains(&"2".to_owned())).await;

    mesh.write("mesh.yaml", &[channel("jobs", &[], &[]), work(&after.url()).to_string()].concat());
    until("the other subscriber", async || {
        mesh.accept("/channels/default/jobs", [Message::new("3", "job")]).await;
        after.count() > 0
    })
    .await;
}

#[tokio::test]
async fn check_says_what_is_wrong_and_where() {
    let mesh = Mesh::new();
    let lost = Subscription::new("lost").of("jbos").to("http://s/").to_string();
    let nobody = Subscription::new("nobody").to_string();
    mesh.write("mesh.yaml", &[channel("jobs", &[], &["retry: -1"]), lost, nobody].concat());
    let check = run(mesh.folder(), &["check", "manifests"]).await;
    assert_eq!(check.code, Some(1));
    for part in [
        "mesh.yaml:7: Channel default/jobs: spec.delivery.retry: must not be negative",
        "mesh.yaml:15: Subscription default/lost: spec.channel: there is no Channel `default/jbos`",
        "mesh.yaml:23: Subscription default/nobody: spec: `subscriber` and `reply` are missing",
    ] {
        assert!(check.out.contains(part), "{part}: {}", check.out);
    }
}
