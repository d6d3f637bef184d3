//! The disk is really full: every event is refused, what was taken is delivered, and that makes room.

use std::os::unix::fs::symlink;
use tests::{Answer, Mesh, Message, Reaction, Sink, SmallDisk, Trigger, broker, until};

/// Room for the log's first, small segment, two of the usual size and part of another.
const MEBIBYTES: usize = 48;
/// Beyond the disk: it is the disk that refuses.
const BUDGET: &str = "sluice.dev/disk-budget: 1Gi";

async fn on(disk: &SmallDisk, manifests: &[String]) -> Mesh {
    let mut mesh = Mesh::new();
    symlink(disk.path(), mesh.folder().join("data")).unwrap();
    mesh.write("mesh.yaml", &manifests.concat());
    mesh.start().await;
    mesh
}

fn large(id: &str) -> Message {
    Message::new(id, "order").data(vec![b'x'; 64 * 1024])
}

/// Posts until the disk refuses; how many it took, and the refusal.
async fn until_refused(mesh: &Mesh, path: &str, from: usize) -> (usize, Answer) {
    for n in from..2000 {
        let answer = mesh.post(path, large(&n.to_string())).await;
        if answer.status != 202 {
            return (n, answer);
        }
    }
    panic!("125 MiB fit on {MEBIBYTES}");
}

fn lacks(sink: &Sink, accepted: usize) -> usize {
    let ids = sink.ids();
    (0..accepted).filter(|n| !ids.contains(&n.to_string())).count()
}

#[tokio::test]
async fn all_are_refused_deliveries_go_on_and_make_room() {
    let Some(disk) = SmallDisk::mount(MEBIBYTES) else { return };
    let (mut late, prompt) = (Sink::start().await, Sink::start().await);
    let manifests = [
        broker("shop", &[BUDGET]),
        broker("other", &[BUDGET]),
        Trigger::new("late", &late.url()).delivery("retry: 100").delivery("backoffMax: PT1S").to_string(),
        Trigger::new("prompt", &prompt.url()).to_string(),
    ];
    let mesh = on(&disk, &manifests).await;
    late.stop().await;
    let (accepted, refusal) = until_refused(&mesh, "/default/shop", 0).await;
    assert_eq!(refusal.status, 503);
    assert!(refusal.header("retry-after").parse::<u64>().unwrap() > 0);
    assert!(refusal.json()["detail"].as_str().unwrap().contains("free some disk"), "{}", refusal.json());
    assert!(accepted > 200, "{accepted} events of 64 KiB");
    disk.fill();
    assert_eq!(mesh.post("/default/other", large("other")).await.status, 503);
    until("what was taken, where the sink is there", async || lacks(&prompt, accepted) == 0).await;

    late.resume().await;
    until("what was taken", async || lacks(&late, accepted) == 0).await;
    until("room", async || mesh.post("/default/other", Message::new("again", "order")).await.status == 202)
        .await;
    assert!(mesh.dead_letters().await.is_empty());
}

#[tokio::test]
async fn a_restart_on_a_full_disk_loses_nothing_and_makes_room() {
    let Some(disk) = SmallDisk::mount(MEBIBYTES) else { return };
    let mut late = Sink::start().await;
    let trigger = Trigger::new("late", &late.url()).delivery("retry: 100").delivery("backoffMax: PT1S");
    let mut mesh = on(&disk, &[broker("shop", &[BUDGET]), trigger.to_string()]).await;
    late.stop().await;
    let (accepted, _) = until_refused(&mesh, "/default/shop", 0).await;
    disk.fill();
    for _ in 0..2 {
        mesh.kill().await;
        mesh.launch().await;
        until("a refusal", async || mesh.post("/default/shop", large("refused")).await.status == 503).await;
        mesh.stop().await;
        mesh.launch().await;
    }
    late.resume().await;
    until("what was taken", async || lacks(&late, accepted) == 0).await;
    until("room", async || mesh.post("/default/shop", large("again")).await.status == 202).await;
}

#[tokio::test]
async fn a_dead_letter_that_finds_no_room_waits_for_it() {
    let Some(disk) = SmallDisk::mount(MEBIBYTES) else { return };
    let sink = Sink::reacting(Reaction::RetryAfter(1)).await;
    let mesh = on(&disk, &[broker("shop", &[BUDGET]), Trigger::new("bill", &sink.url()).to_string()]).await;
    disk.fill();
    let (accepted, _) = until_refused(&mesh, "/default/shop", 0).await;
    sink.then(Reaction::Status(400));
    until("a dead letter that is not kept", async || mesh.said("a dead letter could not be kept").is_some())
        .await;
    assert!(mesh.dead_letters().await.len() < accepted);
    disk.relieve();
    until("every dead letter", async || mesh.dead_letters().await.len() == accepted).await;
}
