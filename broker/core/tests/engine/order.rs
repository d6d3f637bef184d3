//! Order per key.

use crate::mesh::*;
use std::collections::BTreeMap;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn a_failing_event_holds_back_its_key_and_nothing_else() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join("t", ordered()).await;
    for (id, key) in [(1, "x"), (2, "x"), (3, "y"), (4, "x"), (5, "y")] {
        mesh.post_keyed(id, key).await;
    }
    mesh.post([6]).await;
    let x = next(&mut sub).await;
    assert_eq!(id(&x), 1);
    x.nack(Duration::from_secs(30));
    assert_eq!(take(&mut sub, 3).await, [3, 6, 5]);
    nothing(&mut sub).await;
    assert_eq!(take(&mut sub, 3).await, [1, 2, 4]);
    nothing(&mut sub).await;
}

#[tokio::test(start_paused = true)]
async fn order_survives_a_crash() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join("t", ordered()).await;
    for id in 0..50 {
        mesh.post_keyed(id, if id % 2 == 0 { "even" } else { "odd" }).await;
    }
    next(&mut sub).await.nack(Duration::from_secs(5));
    next(&mut sub).await.ack();
    settle().await;
    let mesh = mesh.crash().await;
    let mut sub = mesh.join("t", ordered()).await;
    let mut lines: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for id in take(&mut sub, 49).await {
        lines.entry(id % 2).or_default().push(id);
    }
    assert!(lines.values().all(|line| line.is_sorted()), "{lines:?}");
    nothing(&mut sub).await;
}
