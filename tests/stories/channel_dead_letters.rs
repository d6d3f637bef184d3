//! What a Subscription could not deliver.

use tests::{Mesh, Message, Reaction, Sink, Subscription, Trigger, broker, channel, until};

const TWICE: [&str; 2] = ["retry: 1", "backoffDelay: PT0.01S"];

#[tokio::test]
async fn a_channels_delivery_holds_for_subscriptions_that_have_none() {
    let (sink, dead) = (Sink::reacting(Reaction::Status(500)).await, Sink::start().await);
    let letters = format!("deadLetterSink: {{uri: '{}'}}", dead.url());
    let mesh = Mesh::with(&[
        channel("jobs", &[], &[TWICE[0], TWICE[1], &letters]),
        Subscription::new("inherits").to(&format!("{}a", sink.url())).to_string(),
        // As a whole: of the channel's delivery only the dead letter sink is left.
        Subscription::new("own").to(&format!("{}b", sink.url())).delivery("retry: 0").to_string(),
    ])
    .await;
    mesh.accept("/channels/default/jobs", [Message::new("1", "job")]).await;
    let letters = dead.got(2).await;
    let tries = |path| sink.received().iter().filter(|request| request.path == path).count();
    assert_eq!((tries("/a"), tries("/b")), (2, 1));
    let mut from: Vec<&str> = letters.iter().map(|letter| letter.header("ce-knativeerrordest")).collect();
    from.sort_unstable();
    assert_eq!(from, [format!("{}a", sink.url()), format!("{}b", sink.url())]);
    assert!(mesh.dead_letters().await.is_empty());
}

#[tokio::test]
async fn dead_letters_of_a_subscription_are_told_from_those_of_a_trigger_of_its_name() {
    let sink = Sink::reacting(Reaction::Status(400)).await;
    let bill = Trigger::new("bill", &sink.url());
    let mesh = Mesh::with(&[
        broker("shop", &[]),
        channel("jobs", &[], &[]),
        bill.to_string(),
        Subscription::new("bill").to(&sink.url()).to_string(),
    ])
    .await;
    mesh.accept("/default/shop", [Message::new("of-trigger", "order")]).await;
    mesh.accept("/channels/default/jobs", [Message::new("of-subscription", "job")]).await;
    until("both dead letters", async || mesh.dead_letters().await.len() == 2).await;
    for (group, id) in [("default/bill", "of-trigger"), ("subscriptions/default/bill", "of-subscription")] {
        let listed = mesh.cli(&["dlq", "list", "--trigger", group, "-o", "json"]).await.json();
        assert_eq!((listed[0]["event"]["id"].as_str(), listed[1].is_null()), (Some(id), true), "{listed}");
        let count = mesh.metric(&format!("sluice_dead_letters{{trigger=\"{group}\"}}")).await;
        assert_eq!(count, 1.0, "{group}");
    }
    let dead = async |kind: &str| {
        let object = mesh.cli(&["get", kind, "bill", "-o", "json"]).await.json();
        object["status"]["sluice"]["dead"].clone()
    };
    assert_eq!((dead("trigger").await, dead("subscription").await), (1.into(), 1.into()));

    sink.then(Reaction::Status(200));
    mesh.cli(&["dlq", "redrive", "--trigger", "subscriptions/default/bill"]).await.done();
    sink.got(3).await;
    assert_eq!(sink.ids()[2], "of-subscription");
    until("the other one left", async || mesh.dead_letters().await.len() == 1).await;
    assert_eq!(mesh.dead_letters().await[0]["trigger"], "default/bill");
    assert_eq!((dead("trigger").await, dead("subscription").await), (1.into(), 0.into()));
}
