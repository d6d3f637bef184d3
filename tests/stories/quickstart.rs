//! The README, line by line.

use std::path::Path;
use tests::{Mesh, Message, Reaction, Sink, until};

/// The example with its sink on a port of this test.
fn quickstart(mesh: &Mesh, sink: &Sink) {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart");
    for file in std::fs::read_dir(example).unwrap().map(Result::unwrap) {
        let yaml = std::fs::read_to_string(file.path()).unwrap();
        let name = file.file_name().into_string().unwrap();
        mesh.write(&name, &yaml.replace("127.0.0.1:3000", &format!("127.0.0.1:{}", sink.port())));
    }
}

#[tokio::test]
async fn the_readme_is_true() {
    let sink = Sink::reacting(Reaction::Status(500)).await;
    let mut mesh = Mesh::new();
    quickstart(&mesh, &sink);
    mesh.start().await;
    let created = Message::new("1", "com.example.order.created").data("{\"order\": 42}");
    mesh.accept("/default/shop", [created]).await;
    until("the event printed", async || mesh.said("com.example.order.created").is_some()).await;

    let send = [
        "send",
        "default/shop",
        "--type",
        "com.example.order.paid",
        "--source",
        "/readme",
        "--data",
        "{\"order\": 42}",
    ];
    let sent = mesh.cli(&send).await.done();
    assert!(sent.out.contains("202"), "{}", sent.out);
    sink.got(4).await;
    until("a dead letter", async || mesh.dead_letters().await.len() == 1).await;
    let letter = &mesh.dead_letters().await[0];
    assert_eq!((&letter["trigger"], &letter["attempts"]), (&"default/payments".into(), &4.into()));
    let list = mesh.cli(&["dlq", "list"]).await.done();
    assert!(list.out.contains("default/payments"), "{}", list.out);

    sink.then(Reaction::Status(200));
    mesh.cli(&["dlq", "redrive", "--trigger", "default/payments"]).await.done();
    sink.got(5).await;
    until("no dead letter", async || mesh.dead_letters().await.is_empty()).await;
    let get = mesh.cli(&["get", "-A"]).await.done();
    assert!(get.out.contains("payments") && get.out.contains("all-orders"), "{}", get.out);
}
