//! Events go out by HTTPS, or it is said why not.

use tests::{
    Authority, Identity, Mesh, Message, Reaction, Sink, Subscription, Trigger, broker, channel, until,
};

/// A Trigger without another try whose sink is trusted as far as `roots` go.
fn trigger(name: &str, sink: &Sink, roots: Option<&str>) -> String {
    let plain = Trigger::new(name, &sink.url()).delivery("retry: 0").to_string();
    let Some(roots) = roots else { return plain };
    let uri = format!("    uri: \"{}\"\n", sink.url());
    plain.replace(&uri, &format!("{uri}    CACerts: |\n{}", indented(roots, 6)))
}

/// The same with a certificate of its own.
fn showing(secret: &str, trigger: &str) -> String {
    let annotation = format!("  annotations:\n    sluice.dev/client-certificate: {secret}\nspec:\n");
    trigger.replacen("spec:\n", &annotation, 1)
}

fn secret(name: &str, identity: &Identity) -> String {
    let (chain, key) = (indented(&identity.chain, 4), indented(&identity.key, 4));
    format!(
        "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\nmetadata:\n  name: {name}\nstringData:\n  tls.crt: |\n{chain}  tls.key: |\n{key}---\n"
    )
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{:by$}{line}\n", "")).collect()
}

/// The dead letter's reason, which `sluice get` must show, too, and the log.
async fn reason(mesh: &Mesh, trigger: &str) -> String {
    let key = format!("default/{trigger}");
    let letter = tests::value("a dead letter", async || {
        mesh.dead_letters().await.into_iter().find(|letter| letter["trigger"] == key.as_str())
    })
    .await;
    let reason = letter["reason"].as_str().unwrap().to_owned();
    let shown = mesh.cli(&["get", "trigger", trigger, "-o", "json"]).await.done().json();
    let object = shown["items"].get(0).unwrap_or(&shown).clone();
    assert_eq!(object["status"]["sluice"]["failure"], reason.as_str(), "{shown}");
    let table = mesh.cli(&["get", "trigger", trigger, "-o", "wide"]).await.done().out;
    assert!(table.contains("DeliveryFails") && table.contains(&reason), "{table}");
    assert!(mesh.said(&reason).is_some(), "the log does not say: {reason}");
    reason
}

#[tokio::test]
async fn a_sink_that_is_not_trusted_is_a_dead_letter_with_the_reason_until_it_is() {
    let authority = Authority::new();
    let root = authority.pem();
    let good = Sink::secure(&authority.issue("localhost"), None).await;
    let expired = Sink::secure(&authority.valid("localhost", 2019, 2020), None).await;
    let early = Sink::secure(&authority.valid("localhost", 2119, 2120), None).await;
    let other = Sink::secure(&authority.issue("elsewhere.example"), None).await;
    let plain = Sink::start().await;
    let mesh = Mesh::with(&[
        broker("shop", &[]),
        trigger("unknown", &good, None),
        trigger("expired", &expired, Some(&root)),
        trigger("early", &early, Some(&root)),
        trigger("other", &other, Some(&root)),
        Trigger::new("plain", &plain.url().replace("http:", "https:")).delivery("retry: 0").to_string(),
    ])
    .await;
    mesh.accept("/default/shop", [Message::new("1", "order")]).await;
    for (trigger, words) in [
        (
            "unknown",
            "the certificate of `localhost` is refused: its issuer is not trusted; add the issuer's root to `CACerts` or `--ca-bundle`",
        ),
        ("expired", "the certificate of `localhost` is refused: it has expired (2020-01-01T00:00:00Z)"),
        ("early", "it is not valid yet, but from 2119-01-01T00:00:00Z on"),
        ("other", "it is for another host name (elsewhere.example)"),
        ("plain", "`127.0.0.1` does not speak TLS at this port: is it `http://` that is meant?"),
    ] {
        let reason = reason(&mesh, trigger).await;
        assert!(reason.contains(words), "{trigger}: {reason}");
    }
    assert_eq!([&good, &expired, &early, &other, &plain].map(Sink::count), [0; 5]);

    mesh.write("mesh.yaml", &(broker("shop", &[]) + &trigger("unknown", &good, Some(&root))));
    until("trusted", async || {
        mesh.cli(&["dlq", "redrive", "--trigger", "default/unknown"]).await.done();
        good.count() > 0
    })
    .await;
    until("the failure is forgotten", async || {
        !mesh.cli(&["get", "trigger", "-o", "json"]).await.done().out.contains("\"failure\"")
    })
    .await;
}

#[tokio::test]
async fn a_dead_letter_sink_has_roots_of_its_own_and_the_bundle_is_for_all() {
    let (one, two) = (Authority::new(), Authority::new());
    let dead = Sink::secure(&one.issue("localhost"), None).await;
    let good = Sink::secure(&two.issue("localhost"), None).await;
    let failing = Sink::reacting(Reaction::Status(400)).await;
    let mut mesh = Mesh::new();
    let to = format!(
        "    deadLetterSink:\n      uri: \"{}\"\n      CACerts: |\n{}",
        dead.url(),
        indented(&one.pem(), 8)
    );
    let bill = trigger("bill", &failing, None).replace("  delivery:\n", &format!("  delivery:\n{to}"));
    mesh.write("mesh.yaml", &[broker("shop", &[]), bill, trigger("ship", &good, None)].concat());
    std::fs::write(mesh.folder().join("ca.crt"), two.pem()).unwrap();
    mesh.flags(&["--ca-bundle", "ca.crt"]);
    mesh.start().await;
    mesh.accept("/default/shop", [Message::new("1", "order")]).await;
    assert_eq!(dead.got(1).await[0].header("ce-knativeerrorcode"), "400");
    good.got(1).await;
}

#[tokio::test]
async fn a_sink_that_asks_who_we_are_gets_the_certificate_of_the_secret() {
    let (authority, ours, strangers) = (Authority::new(), Authority::new(), Authority::new());
    let sink = Sink::secure(&authority.issue("localhost"), Some(&ours)).await;
    let root = authority.pem();
    let of = |name: &str| trigger(name, &sink, Some(&root));
    let mesh = Mesh::with(&[
        broker("shop", &[]),
        secret("good", &ours.issue("sluice")),
        secret("strange", &strangers.issue("sluice")),
        secret("old", &ours.valid("sluice", 2019, 2020)),
        of("none"),
        showing("strange", &of("stranger")),
        showing("old", &of("late")),
    ])
    .await;
    mesh.accept("/default/shop", [Message::new("1", "order")]).await;
    for (trigger, words) in [
        ("none", "it demands a certificate of ours; name its Secret with `sluice.dev/client-certificate`"),
        ("stranger", "it refuses our certificate: it does not trust the issuer"),
        ("late", "it refuses our certificate: it has expired"),
    ] {
        let reason = reason(&mesh, trigger).await;
        assert!(reason.contains(words), "{trigger}: {reason}");
    }
    assert_eq!(sink.count(), 0);
    mesh.write("known.yaml", &showing("good", &of("known")));
    until("known", async || {
        mesh.accept("/default/shop", [Message::new("2", "order")]).await;
        sink.count() > 0
    })
    .await;
}

#[tokio::test]
async fn a_subscription_shows_its_certificate_to_each_of_its_sinks() {
    let (authority, ours) = (Authority::new(), Authority::new());
    let secure = async || Sink::secure(&authority.issue("localhost"), Some(&ours)).await;
    let (worker, told, dead) = (secure().await, secure().await, secure().await);
    worker.first([Reaction::Reply(Message::new("a", "answer")), Reaction::Status(400)]);
    let work = Subscription::new("work").annotated("sluice.dev/client-certificate: own");
    let work = work.to(&worker.url()).replies_to(&told.url());
    let work = work.delivery(&format!("deadLetterSink: {{uri: '{}'}}", dead.url()));
    let mut mesh = Mesh::new();
    mesh.write(
        "mesh.yaml",
        &[channel("jobs", &[], &[]), secret("own", &ours.issue("sluice")), work.to_string()].concat(),
    );
    std::fs::write(mesh.folder().join("ca.crt"), authority.pem()).unwrap();
    mesh.flags(&["--ca-bundle", "ca.crt"]);
    mesh.start().await;
    mesh.accept("/channels/default/jobs", [Message::new("1", "job")]).await;
    assert_eq!(told.got(1).await[0].header("ce-id"), "a");
    mesh.accept("/channels/default/jobs", [Message::new("2", "job")]).await;
    assert_eq!(dead.got(1).await[0].header("ce-id"), "2");
}

/// Connections that are kept were made with the old one.
#[tokio::test]
async fn a_changed_secret_makes_new_connections() {
    let (authority, ours) = (Authority::new(), Authority::new());
    let sink = Sink::secure(&authority.issue("localhost"), Some(&ours)).await;
    let root = authority.pem();
    let bill = showing("own", &trigger("bill", &sink, Some(&root)));
    let mesh = Mesh::with(&[broker("shop", &[]), bill]).await;
    mesh.write("secret.yaml", &secret("own", &ours.issue("sluice")));
    until("the Trigger in force", async || {
        mesh.cli(&["get", "trigger", "bill"]).await.done().out.contains("True")
    })
    .await;
    mesh.accept("/default/shop", [Message::new("1", "order")]).await;
    sink.got(1).await;
    mesh.write("secret.yaml", &secret("own", &Authority::new().issue("sluice")));
    tests::value("a dead letter", async || {
        mesh.accept("/default/shop", [Message::new("2", "order")]).await;
        mesh.dead_letters().await.into_iter().next()
    })
    .await;
    let reason = reason(&mesh, "bill").await;
    assert!(reason.contains("it does not trust the issuer"), "{reason}");
}

#[tokio::test]
async fn nothing_that_can_be_asked_shows_a_key() {
    let ours = Authority::new().issue("sluice");
    let mut mesh = Mesh::new();
    mesh.write("mesh.yaml", &[broker("shop", &[]), secret("own", &ours)].concat());
    mesh.flags(&["--log", "trace"]);
    mesh.start().await;
    let line = ours.key.lines().nth(1).unwrap();
    for args in [
        &["get", "secret", "own", "-o", "yaml"][..],
        &["get", "-A", "-o", "json"],
        &["get", "secret", "own", "-o", "wide"],
    ] {
        let shown = mesh.cli(args).await;
        let all = format!("{shown:?}");
        assert!(all.contains("own") && !all.contains(line), "{args:?} shows the key, or nothing: {all}");
    }
    assert!(mesh.said(line).is_none(), "the log shows the key");
}

#[tokio::test]
async fn a_secret_that_breaks_keeps_its_last_good_version() {
    let (authority, ours) = (Authority::new(), Authority::new());
    let sink = Sink::secure(&authority.issue("localhost"), Some(&ours)).await;
    let (first, second) = (ours.issue("sluice"), ours.issue("sluice"));
    let mesh =
        Mesh::with(&[broker("shop", &[]), showing("own", &trigger("bill", &sink, Some(&authority.pem())))])
            .await;
    let missing = mesh.cli(&["get", "trigger", "bill", "-o", "wide"]).await.done().out;
    assert!(missing.contains("there is no Secret `default/own`"), "{missing}");
    mesh.write("secret.yaml", &secret("own", &first));
    until("the Trigger in force", async || {
        mesh.cli(&["get", "trigger", "bill"]).await.done().out.contains("True")
    })
    .await;
    let mixed = Identity { chain: second.chain, key: first.key };
    mesh.write("secret.yaml", &secret("own", &mixed));
    until("the mismatch told", async || {
        mesh.said("stringData[tls.key]: does not belong to the certificate").is_some()
    })
    .await;
    mesh.accept("/default/shop", [Message::new("1", "order")]).await;
    sink.got(1).await;
}
