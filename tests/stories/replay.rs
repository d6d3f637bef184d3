//! A new Trigger that starts in the past.

use tests::{Mesh, Message, Sink, Trigger, broker};

#[tokio::test]
async fn a_new_trigger_starts_where_it_says() {
    let first = Sink::start().await;
    let mesh = Mesh::with(&[
        broker("shop", &["sluice.dev/retention: PT1H"]),
        Trigger::new("first", &first.url()).to_string(),
    ])
    .await;
    let ids = |range: std::ops::Range<usize>| range.map(|n| n.to_string()).collect::<Vec<_>>();
    let post = async |range| {
        mesh.accept("/default/shop", ids(range).iter().map(|id| Message::new(id, "order"))).await
    };
    post(0..10).await;
    // Times are kept in milliseconds: the two halves must not share one.
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let time = jiff::Timestamp::now();
    post(10..20).await;
    first.got(20).await;

    let (all, half, later) = (Sink::start().await, Sink::start().await, Sink::start().await);
    mesh.write(
        "all.yaml",
        &Trigger::new("all", &all.url()).annotated("sluice.dev/start: earliest").to_string(),
    );
    let at = format!("sluice.dev/start: \"{time:.3}\"");
    mesh.write("half.yaml", &Trigger::new("half", &half.url()).annotated(&at).to_string());
    mesh.write("later.yaml", &Trigger::new("later", &later.url()).to_string());
    all.got(20).await;
    half.got(10).await;
    tests::until("the new triggers to be ready", async || {
        let get = mesh.cli(&["get", "trigger", "later", "-o", "json"]).await;
        get.code == Some(0) && get.out.contains("\"True\"") && !get.out.contains("\"False\"")
    })
    .await;
    post(20..25).await;
    for (sink, expected) in [(&all, 0..25), (&half, 10..25), (&later, 20..25)] {
        let mut got: Vec<usize> =
            sink.got(expected.len()).await.iter().map(|r| r.header("ce-id").parse().unwrap()).collect();
        got.sort_unstable();
        assert_eq!(got, expected.collect::<Vec<_>>());
    }
}
