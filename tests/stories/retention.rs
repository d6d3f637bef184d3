//! How long finished events are kept.

use tests::{Mesh, Message, Sink, Trigger, broker, until};

#[tokio::test]
async fn what_is_open_outlives_the_retention() {
    let (mut sink, other) = (Sink::start().await, Sink::start().await);
    let bill = Trigger::new("bill", &sink.url())
        .delivery("retry: 100")
        .delivery("backoffDelay: PT0.1S")
        .delivery("backoffMax: PT0.3S");
    let shop = broker("shop", &["sluice.dev/retention: PT1S"]);
    let mesh = Mesh::with(&[shop, bill.to_string(), Trigger::new("other", &other.url()).to_string()]).await;
    sink.stop().await;
    mesh.accept("/default/shop", (0..20).map(|n| Message::new(&n.to_string(), "order"))).await;
    other.got(20).await;
    // Well past the retention, by the clock of those who finished.
    let oldest = "sluice_trigger_oldest_seconds{trigger=\"default/bill\"}";
    until("the open events to be old", async || mesh.metric(oldest).await >= 3.0).await;
    sink.resume().await;
    sink.got(20).await;
}

#[tokio::test]
async fn finished_events_are_gone_after_the_retention() {
    let sink = Sink::start().await;
    let shop = broker("shop", &["sluice.dev/retention: PT1S"]);
    let mesh = Mesh::with(&[shop, Trigger::new("bill", &sink.url()).to_string()]).await;
    mesh.accept("/default/shop", [Message::new("old", "order")]).await;
    sink.got(1).await;
    let mut n = 0;
    until("a replay without the old event", async || {
        n += 1;
        let replay = Sink::start().await;
        let name = format!("replay-{n}");
        let trigger = Trigger::new(&name, &replay.url()).annotated("sluice.dev/start: earliest");
        mesh.write("replay.yaml", &trigger.to_string());
        until("the replay to work", async || {
            mesh.accept("/default/shop", [Message::new("new", "order")]).await;
            replay.ids().contains(&"new".to_owned())
        })
        .await;
        let lag = format!("sluice_trigger_lag{{trigger=\"default/{name}\"}}");
        until("the replay to be done", async || mesh.metric(&lag).await == 0.0).await;
        !replay.ids().contains(&"old".to_owned())
    })
    .await;
}
