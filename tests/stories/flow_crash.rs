//! Killed in the middle of flows: every event finishes, and no step that was finished is repeated.

use crate::flow_parallel::branch;
use crate::flow_sequence::sequence;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tests::{Client, Mesh, Message, Reaction, Sink, flow, until};
use tokio::task::JoinSet;
use tokio::time::Instant;

const ROUNDS: usize = 3;
/// Senders of each flow, and the events that each of them sends at most in a round.
const SENDERS: usize = 8;
const EACH: usize = 200;

/// One way through a flow: an event that was seen at one sink has finished at those before it.
struct Way<'a>(Vec<&'a Sink>);

impl Way<'_> {
    fn end(&self) -> &Sink {
        self.0[self.0.len() - 1]
    }

    /// Requests with an event that a later sink of the way had been given before.
    fn repeated(&self) -> Vec<String> {
        let mut repeated = Vec::new();
        let mut later: BTreeMap<String, Instant> = BTreeMap::new();
        for sink in self.0.iter().rev() {
            let received = sink.received();
            for request in &received {
                let id = request.header("ce-id");
                if later.get(id).is_some_and(|finished| request.at > *finished) {
                    repeated.push(format!("{id} at {}", sink.url()));
                }
            }
            for request in received {
                let first = later.entry(request.header("ce-id").to_owned()).or_insert(request.at);
                *first = (*first).min(request.at);
            }
        }
        repeated
    }

    /// Requests beyond the first of each event at each sink.
    fn doubles(&self) -> usize {
        let doubled = |sink: &&Sink| sink.count() - sink.ids().into_iter().collect::<BTreeSet<_>>().len();
        self.0.iter().map(doubled).sum()
    }
}

/// Posts until all are taken or the process is gone; returns the ids that were accepted.
async fn send(url: String, prefix: String) -> BTreeSet<String> {
    let client = Client::default();
    let mut accepted = BTreeSet::new();
    for n in 0..EACH {
        let id = format!("{prefix}-{n}");
        match client.post(&url, Message::new(&id, "order").data("x")).await {
            Some(answer) => assert_eq!(answer.status, 202),
            None => break,
        }
        accepted.insert(id);
    }
    accepted
}

async fn echo(mark: &'static str) -> Sink {
    Sink::reacting(Reaction::Mark(mark)).await
}

#[tokio::test]
async fn every_event_finishes_and_no_finished_step_is_repeated() {
    let rounds = std::env::var("SLUICE_KILL_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let [one, two, three, told] = [echo("-1").await, echo("-2").await, echo("-3").await, Sink::start().await];
    let [filter, first, reply, second] =
        [echo("-f").await, echo("-b").await, Sink::start().await, Sink::start().await];
    let fork = [
        "branches:".to_owned(),
        branch(&[("filter", &filter), ("subscriber", &first), ("reply", &reply)]),
        branch(&[("subscriber", &second)]),
    ];
    let ways = [Way(vec![&one, &two, &three, &told]), Way(vec![&filter, &first, &reply]), Way(vec![&second])];
    let mut mesh =
        Mesh::with(&[sequence(&[&one, &two, &three], Some(&told)), flow("Parallel", "fork", &fork)]).await;
    let (mut in_line, mut in_fork) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..rounds {
        let mut senders = JoinSet::new();
        for sender in 0..2 * SENDERS {
            let flow = sender % 2;
            let url = mesh.events(["/sequences/default/line", "/parallels/default/fork"][flow]);
            senders.spawn(async move { (flow, send(url, format!("{flow}-{round}-{sender}")).await) });
        }
        // Another moment in each round, while events are at every step.
        let enough = told.count() + reply.count() + 1 + round * 173 % 1000;
        until("events at the end", async || told.count() + reply.count() >= enough).await;
        mesh.kill().await;
        for (flow, accepted) in senders.join_all().await {
            if flow == 0 { in_line.extend(accepted) } else { in_fork.extend(accepted) }
        }
        mesh.start().await;
    }
    for (way, accepted) in ways.iter().zip([&in_line, &in_fork, &in_fork]) {
        until("every accepted event at the end of its way", async || {
            let got: BTreeSet<_> = way.end().ids().into_iter().collect();
            accepted.is_subset(&got)
        })
        .await;
    }
    // Longer than what is not yet written down could take to come again.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let doubles: Vec<usize> = ways.iter().map(Way::doubles).collect();
    println!(
        "{rounds} rounds: {} events in a Sequence, {} in a Parallel, 0 lost, requests made twice {doubles:?}",
        in_line.len(),
        in_fork.len(),
    );
    for way in &ways {
        assert_eq!(way.repeated(), Vec::<String>::new(), "a finished step was repeated");
    }
}
