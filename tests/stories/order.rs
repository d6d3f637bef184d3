//! Order where it is asked for.

use std::collections::BTreeMap;
use tests::{Mesh, Message, Reaction, Sink, Trigger, broker};

#[tokio::test]
async fn events_of_one_key_arrive_in_order_while_others_go_on() {
    let sink = Sink::start().await;
    // The first requests fail: whatever they were, their keys must wait and the others must not.
    sink.first((0..10).map(|n| if n % 2 == 0 { Reaction::Status(500) } else { Reaction::Status(200) }));
    let bill = Trigger::new("bill", &sink.url())
        .annotated("sluice.dev/order: key")
        .delivery("retry: 5")
        .delivery("backoffDelay: PT0.1S");
    let mesh = Mesh::with(&[broker("shop", &[]), bill.to_string()]).await;
    let message =
        |n: usize| Message::new(&n.to_string(), "order").header("ce-partitionkey", &format!("key-{}", n % 4));
    mesh.accept("/default/shop", (0..80).map(message)).await;

    let tries = sink.got(85).await;
    let mut by_key: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for request in &tries {
        let order = by_key.entry(request.header("ce-partitionkey").to_owned()).or_default();
        let n = request.header("ce-id").parse().unwrap();
        // A repetition is the same event once more; nothing of its key came in between.
        if order.last() != Some(&n) {
            order.push(n);
        }
    }
    for (key, order) in by_key {
        assert_eq!(order.len(), 20, "{key}: {order:?}");
        assert!(order.is_sorted(), "{key}: {order:?}");
    }
}
