//! What `/metrics` says is what `docs/metrics.md` says, each family once.

use std::collections::BTreeSet;
use tests::{Mesh, Message, Sink, Trigger, broker, until};

#[tokio::test]
async fn every_family_is_there_once_and_written_down() {
    let sink = Sink::start().await;
    let bill = Trigger::new("bill", &sink.url());
    let mesh = Mesh::with(&[broker("shop", &[]), bill.to_string()]).await;
    mesh.accept("/default/shop", [Message::new("1", "order")]).await;
    mesh.post("/default/shop", Message::new("2", "order").without("ce-id")).await;
    until("the delivery counted", async || {
        mesh.metric("sluice_deliveries_total{trigger=\"default/bill\",result=\"delivered\"}").await == 1.0
    })
    .await;

    let bill = |name: &str| format!("{name}{{trigger=\"default/bill\"}}");
    assert_eq!(mesh.metric(&bill("kn_eventing_process_duration_count")).await, 1.0);
    assert_eq!(mesh.metric(&bill("kn_eventing_dispatch_duration_count")).await, 1.0);
    // The trigger's beginning, and the event.
    assert_eq!(mesh.metric("sluice_log_appended_total").await, 2.0);

    let page = mesh.client().get(&mesh.admin("/metrics")).await.unwrap().body;
    let page = String::from_utf8_lossy(&page).into_owned();
    let mut shown = BTreeSet::new();
    for (name, kind) in page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')) {
        let suffix = if kind == "counter" { "_total" } else { "" };
        assert!(shown.insert(format!("{name}{suffix}")), "`{name}` is there twice in\n{page}");
    }
    let documented = include_str!("../../docs/metrics.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name.to_owned())
        .collect();
    assert_eq!(shown, documented);
}
