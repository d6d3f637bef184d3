//! Files change while events flow.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tests::{Client, Mesh, Message, Sink, Trigger, broker, run, until};
use tokio::task::JoinHandle;

/// Posts events until it is told to stop; returns the ids that were accepted.
struct Load {
    stop: Arc<AtomicBool>,
    posting: JoinHandle<BTreeSet<String>>,
}

impl Load {
    fn on(mesh: &Mesh) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (url, stopped) = (mesh.events("/default/shop"), stop.clone());
        let posting = tokio::spawn(async move {
            let client = Client::default();
            let mut accepted = BTreeSet::new();
            while !stopped.load(Ordering::Relaxed) {
                let id = format!("load-{}", accepted.len());
                let answer = client.post(&url, Message::new(&id, "order")).await.unwrap();
                assert_eq!(answer.status, 202);
                accepted.insert(id);
            }
            accepted
        });
        Self { stop, posting }
    }

    async fn ended(self) -> BTreeSet<String> {
        self.stop.store(true, Ordering::Relaxed);
        self.posting.await.unwrap()
    }
}

#[tokio::test]
async fn a_changed_sink_is_in_force_within_a_second_and_nothing_is_lost() {
    let (before, after, bystander) = (Sink::start().await, Sink::start().await, Sink::start().await);
    let mesh = Mesh::new();
    mesh.write("shop.yaml", &broker("shop", &[]));
    mesh.write("bill.yaml", &Trigger::new("bill", &before.url()).to_string());
    mesh.write("log.yaml", &Trigger::new("log", &bystander.url()).to_string());
    let mut mesh = mesh;
    mesh.start().await;
    let load = Load::on(&mesh);
    before.got(20).await;

    let changed = Instant::now();
    mesh.write("bill.yaml", &Trigger::new("bill", &after.url()).to_string());
    after.got(20).await;
    assert!(changed.elapsed() < Duration::from_millis(1500), "in force after {:?}", changed.elapsed());

    let accepted = load.ended().await;
    let got = || before.ids().into_iter().chain(after.ids()).collect::<BTreeSet<_>>();
    until("every event at one of the two sinks", async || got() == accepted).await;
    until("every event at the bystander", async || bystander.count() >= accepted.len()).await;
    assert_eq!(bystander.count(), accepted.len(), "an unaffected trigger got something twice");
}

#[tokio::test]
async fn triggers_come_and_go_under_load() {
    let (first, second) = (Sink::start().await, Sink::start().await);
    let mesh = Mesh::with(&[broker("shop", &[]), Trigger::new("first", &first.url()).to_string()]).await;
    let load = Load::on(&mesh);
    first.got(5).await;
    mesh.write("second.yaml", &Trigger::new("second", &second.url()).to_string());
    second.got(5).await;
    mesh.remove("second.yaml");
    // It has ended when the first has got many that the second has not.
    until("the second to end", async || first.count() > second.count() + 500).await;
    let accepted = load.ended().await;
    until("every event at the first", async || first.count() >= accepted.len()).await;
    assert_eq!(first.ids().into_iter().collect::<BTreeSet<_>>(), accepted);
}

#[tokio::test]
async fn a_changed_filter_keeps_what_was_open() {
    let sink = Sink::reacting(tests::Reaction::Status(503)).await;
    let bill = || {
        Trigger::new("bill", &sink.url())
            .delivery("retry: 20")
            .delivery("backoffDelay: PT0.1S")
            .delivery("backoffMax: PT0.2S")
    };
    let mesh = Mesh::with(&[broker("shop", &[]), bill().of_type("old").to_string()]).await;
    mesh.accept("/default/shop", [Message::new("open", "old")]).await;
    sink.got(1).await;
    mesh.write("mesh.yaml", &[broker("shop", &[]), bill().of_type("new").to_string()].concat());
    until("the new filter in force", async || {
        mesh.accept("/default/shop", [Message::new("next", "new")]).await;
        sink.ids().contains(&"next".to_owned())
    })
    .await;
    sink.then(tests::Reaction::Status(200));
    let seen = sink.ids().iter().filter(|id| *id == "open").count();
    until("the open event again", async || sink.ids().iter().filter(|id| *id == "open").count() > seen).await;
    assert!(mesh.dead_letters().await.is_empty());
}

#[tokio::test]
async fn a_broken_file_changes_nothing_and_is_reported() {
    let sink = Sink::start().await;
    let good = [broker("shop", &[]), Trigger::new("bill", &sink.url()).to_string()].concat();
    let mut mesh = Mesh::with(std::slice::from_ref(&good)).await;
    mesh.write("mesh.yaml", &(good.clone() + "kind: [unclosed\n"));
    until("the problem in the log", async || mesh.said("mesh.yaml").is_some()).await;
    mesh.accept("/default/shop", [Message::new("1", "order")]).await;
    sink.got(1).await;
    let check = run(mesh.folder(), &["check", "manifests"]).await;
    assert_eq!(check.code, Some(1), "{check:?}");
    let get = mesh.cli(&["get"]).await.done();
    assert!(get.out.contains("trigger/bill") && get.err.contains("mesh.yaml:"), "{get:?}");

    mesh.stop().await;
    mesh.launch().await;
    until("the last good version after a restart", async || {
        mesh.post("/default/shop", Message::new("2", "order")).await.status == 202
    })
    .await;
    until("its event", async || sink.ids().contains(&"2".to_owned())).await;

    mesh.write("mesh.yaml", &good);
    let ready = mesh.admin("/readyz");
    until("ready again", async || mesh.client().get(&ready).await.is_some_and(|answer| answer.status == 200))
        .await;
}
