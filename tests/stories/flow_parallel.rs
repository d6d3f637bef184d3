//! Branches side by side.

use tests::{Mesh, Message, Reaction, Sink, flow, until};

pub(crate) const FORK: &str = "/parallels/default/fork";

/// A branch with these fields, each a sink.
pub(crate) fn branch(fields: &[(&str, &Sink)]) -> String {
    let lines: Vec<String> =
        fields.iter().map(|(name, sink)| format!("{name}: {{uri: \"{}\"}}", sink.url())).collect();
    format!("- {}", lines.join("\n  "))
}

#[tokio::test]
async fn a_filter_lets_pass_what_it_answers_and_may_change_it() {
    let (filter, subscriber, other) = (Sink::start().await, Sink::start().await, Sink::start().await);
    filter.first([Reaction::Mark("-seen"), Reaction::Status(200)]);
    let spec = [
        "branches:".to_owned(),
        branch(&[("filter", &filter), ("subscriber", &subscriber)]),
        branch(&[("subscriber", &other)]),
    ];
    let mesh = Mesh::with(&[flow("Parallel", "fork", &spec)]).await;
    mesh.accept(FORK, [Message::new("passes", "order").data("x")]).await;
    filter.got(1).await;
    mesh.accept(FORK, [Message::new("does-not", "order").data("x")]).await;
    other.got(2).await;
    assert_eq!(subscriber.got(1).await[0].body.as_ref(), b"x-seen");
    until("nothing left", async || {
        mesh.cli(&["get", "parallel", "fork", "-o", "json"]).await.json()["status"]["sluice"]["backlog"] == 0
    })
    .await;
    assert_eq!(subscriber.ids(), ["passes"]);
    assert_eq!((filter.count(), other.count()), (2, 2));
}

#[tokio::test]
async fn a_branch_replies_to_its_own_reply_and_else_to_that_of_the_flow() {
    let answering = Sink::reacting(Reaction::Mark("!")).await;
    let (own, of_flow) = (Sink::start().await, Sink::start().await);
    let spec = [
        "branches:".to_owned(),
        branch(&[("subscriber", &answering), ("reply", &own)]),
        branch(&[("subscriber", &answering)]),
        format!("reply: {{uri: \"{}\"}}", of_flow.url()),
    ];
    let mesh = Mesh::with(&[flow("Parallel", "fork", &spec)]).await;
    mesh.accept(FORK, [Message::new("a", "order").data("x")]).await;
    assert_eq!(own.got(1).await[0].body.as_ref(), b"x!");
    assert_eq!(of_flow.got(1).await[0].body.as_ref(), b"x!");
    until("nothing left", async || {
        mesh.cli(&["get", "parallel", "fork", "-o", "json"]).await.json()["status"]["sluice"]["backlog"] == 0
    })
    .await;
    assert_eq!((answering.count(), own.count(), of_flow.count()), (2, 1, 1));
    let status = &mesh.cli(&["get", "parallel", "fork", "-o", "json"]).await.json()["status"];
    assert_eq!(status["ingressChannelStatus"]["channel"]["kind"], "Parallel");
    assert_eq!(status["branchStatuses"][1]["subscriberSubscriptionStatus"]["ready"]["status"], "True");
}

/// One branch is stuck; the others do not wait for it.
#[tokio::test]
async fn branches_are_independent() {
    let (stuck, quick) = (Sink::reacting(Reaction::Hang).await, Sink::start().await);
    let spec = ["branches:".to_owned(), branch(&[("subscriber", &stuck)]), branch(&[("subscriber", &quick)])];
    let mesh = Mesh::with(&[flow("Parallel", "fork", &spec)]).await;
    for n in 0..5 {
        mesh.accept(FORK, [Message::new(&n.to_string(), "order")]).await;
        quick.got(n + 1).await;
    }
    stuck.got(5).await;
}
