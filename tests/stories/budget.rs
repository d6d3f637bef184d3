//! A Broker that has used up its disk.

use tests::{Mesh, Message, Reaction, Sink, Trigger, broker, until};

#[tokio::test]
async fn a_full_broker_says_so_while_the_others_go_on() {
    let sink = Sink::reacting(Reaction::Hang).await;
    let bill = Trigger::new("bill", &sink.url())
        .delivery("timeout: PT1S")
        .delivery("retry: 100")
        .delivery("backoffMax: PT1S");
    let shop = broker("shop", &["sluice.dev/disk-budget: 1Mi"]);
    let mesh = Mesh::with(&[shop, broker("other", &[]), bill.to_string()]).await;
    let large = |id: &str| Message::new(id, "order").data(vec![b'x'; 64 * 1024]);
    let mut accepted = 0;
    let full = loop {
        let answer = mesh.post("/default/shop", large(&accepted.to_string())).await;
        if answer.status != 202 {
            break answer;
        }
        accepted += 1;
        assert!(accepted < 64, "4 MiB fit into a budget of one");
    };
    assert_eq!(full.status, 503);
    assert!(full.header("retry-after").parse::<u64>().unwrap() > 0);
    assert_eq!(full.header("content-type"), "application/problem+json");
    assert!(full.json()["detail"].as_str().unwrap().contains("default/bill"), "{}", full.json());
    assert!(accepted >= 4, "only {accepted} events of 64 KiB fit into 1 MiB");
    mesh.accept("/default/other", [large("other")]).await;

    sink.then(Reaction::Status(200));
    until("space again", async || mesh.post("/default/shop", large("again")).await.status == 202).await;
    until("every accepted event", async || {
        let ids = sink.ids();
        (0..accepted).all(|n| ids.contains(&n.to_string()))
    })
    .await;
}
