//! A Trigger is held for a while.

use tests::{Mesh, Message, Sink, Trigger, broker, until};

#[tokio::test]
async fn a_paused_trigger_gets_nothing_and_later_everything() {
    let (held, free) = (Sink::start().await, Sink::start().await);
    let mesh = Mesh::with(&[broker("shop", &[]), Trigger::new("free", &free.url()).to_string()]).await;
    let paused = |paused: bool| {
        Trigger::new("held", &held.url()).annotated(&format!("sluice.dev/paused: \"{paused}\"")).to_string()
    };
    mesh.write("held.yaml", &paused(false));
    until("the trigger to work", async || {
        mesh.accept("/default/shop", [Message::new("before", "order")]).await;
        held.count() > 0
    })
    .await;

    mesh.write("held.yaml", &paused(true));
    // In force when something stays away.
    until("the pause", async || {
        let (mine, theirs) = (held.count(), free.count());
        mesh.accept("/default/shop", [Message::new("edge", "order")]).await;
        free.got(theirs + 1).await;
        mesh.metric("sluice_trigger_lag{trigger=\"default/held\"}").await >= 1.0 && held.count() == mine
    })
    .await;
    let before = held.count();
    let free_before = free.count();
    mesh.accept("/default/shop", (0..20).map(|n| Message::new(&format!("held-{n}"), "order"))).await;
    free.got(free_before + 20).await;
    assert_eq!(held.count(), before);

    mesh.write("held.yaml", &paused(false));
    until("everything that was held", async || {
        let ids = held.ids();
        (0..20).all(|n| ids.contains(&format!("held-{n}")))
    })
    .await;
    assert_eq!(held.ids().into_iter().filter(|id| id.starts_with("held-")).count(), 20);
}
