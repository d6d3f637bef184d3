//! Killed under load, again and again.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tests::{Client, Mesh, Message, Sink, Trigger, broker, until};
use tokio::task::JoinSet;

const ROUNDS: usize = 3;
const SENDERS: usize = 8;

/// Ids that were answered with 202.
type Acknowledged = Arc<Mutex<BTreeSet<String>>>;

/// Posts until the process is gone.
async fn send(url: String, prefix: String, acknowledged: Acknowledged) {
    let client = Client::default();
    for n in 0.. {
        let id = format!("{prefix}-{n}");
        match client.post(&url, Message::new(&id, "order").data(vec![b'1'; 256])).await {
            Some(answer) if answer.status == 202 => acknowledged.lock().unwrap().insert(id),
            Some(answer) => panic!("{}", answer.status),
            None => return,
        };
    }
}

#[tokio::test]
async fn nothing_that_was_acknowledged_is_lost_by_kill_9() {
    let rounds = std::env::var("SLUICE_KILL_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let sink = Sink::start().await;
    let mut mesh = Mesh::with(&[broker("shop", &[]), Trigger::new("bill", &sink.url()).to_string()]).await;
    let acknowledged = Acknowledged::default();
    for round in 0..rounds {
        let mut senders = JoinSet::new();
        for sender in 0..SENDERS {
            let prefix = format!("{round}-{sender}");
            senders.spawn(send(mesh.events("/default/shop"), prefix, acknowledged.clone()));
        }
        // Another moment in each round: from the first events to well under way.
        let enough = acknowledged.lock().unwrap().len() + 1 + round * 173 % 1000;
        until("acknowledged events", async || acknowledged.lock().unwrap().len() >= enough).await;
        mesh.kill().await;
        senders.join_all().await;
        mesh.start().await;
    }
    let acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap());
    let missing = || {
        let got: BTreeSet<_> = sink.ids().into_iter().collect();
        acknowledged.difference(&got).count()
    };
    until("all acknowledged events at the sink", async || missing() == 0).await;
    let ids = sink.ids();
    let distinct = ids.iter().collect::<BTreeSet<_>>().len();
    println!(
        "{rounds} rounds: {} acknowledged, 0 lost, {} delivered, {} of them twice (open or not yet noted at a kill), {} never answered",
        acknowledged.len(),
        ids.len(),
        ids.len() - distinct,
        distinct - acknowledged.len(),
    );
    assert!(mesh.dead_letters().await.is_empty());
}
