//! A Channel with answers that go on, killed under load.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tests::{Client, Mesh, Message, Reaction, Sink, Subscription, channel, until};
use tokio::task::JoinSet;

const ROUNDS: usize = 2;
const SENDERS: usize = 4;

type Acknowledged = Arc<Mutex<BTreeSet<String>>>;

/// Posts until the process is gone.
async fn send(url: String, prefix: String, acknowledged: Acknowledged) {
    let client = Client::default();
    for n in 0.. {
        let id = format!("{prefix}-{n}");
        match client.post(&url, Message::new(&id, "job")).await {
            Some(answer) if answer.status == 202 => acknowledged.lock().unwrap().insert(id),
            Some(answer) => panic!("{}", answer.status),
            None => return,
        };
    }
}

#[tokio::test]
async fn nothing_is_lost_on_either_way_by_kill_9() {
    let rounds = std::env::var("SLUICE_KILL_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    // Answers with the event itself, so that each has an answer of its own.
    let (worker, told, watching) =
        (Sink::reacting(Reaction::Echo).await, Sink::start().await, Sink::start().await);
    let mut mesh = Mesh::with(&[
        channel("jobs", &[], &[]),
        Subscription::new("work").to(&worker.url()).replies_to(&told.url()).to_string(),
        Subscription::new("watch").to(&watching.url()).to_string(),
    ])
    .await;
    let acknowledged = Acknowledged::default();
    for round in 0..rounds {
        let mut senders = JoinSet::new();
        for sender in 0..SENDERS {
            let url = mesh.events("/channels/default/jobs");
            senders.spawn(send(url, format!("{round}-{sender}"), acknowledged.clone()));
        }
        let enough = acknowledged.lock().unwrap().len() + 50 + round * 173 % 500;
        until("acknowledged events", async || acknowledged.lock().unwrap().len() >= enough).await;
        mesh.kill().await;
        senders.join_all().await;
        mesh.start().await;
    }
    let acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap());
    for (name, sink) in [("worker", &worker), ("told", &told), ("watching", &watching)] {
        until(&format!("all acknowledged events at {name}"), async || {
            let got: BTreeSet<_> = sink.ids().into_iter().collect();
            acknowledged.is_subset(&got)
        })
        .await;
    }
    assert!(mesh.dead_letters().await.is_empty());
}
