//! Steps one after the other.

use tests::{Mesh, Message, Reaction, Sink, flow, until};

/// A Sequence `line` of these steps; with `reply`, if it is not empty.
pub(crate) fn sequence(steps: &[&Sink], reply: Option<&Sink>) -> String {
    let mut spec = vec!["steps:".to_owned()];
    spec.extend(steps.iter().map(|step| format!("- uri: {}", step.url())));
    spec.extend(reply.map(|sink| format!("reply: {{uri: \"{}\"}}", sink.url())));
    flow("Sequence", "line", &spec)
}

pub(crate) const LINE: &str = "/sequences/default/line";

#[tokio::test]
async fn what_a_step_answers_is_the_next_ones_event_and_the_last_answer_goes_to_reply() {
    let (one, two, told) = (
        Sink::reacting(Reaction::Mark("-1")).await,
        Sink::reacting(Reaction::Mark("-2")).await,
        Sink::start().await,
    );
    let mesh = Mesh::with(&[sequence(&[&one, &two], Some(&told))]).await;
    mesh.accept(LINE, [Message::new("a", "order").data("x")]).await;
    let last = told.got(1).await.remove(0);
    assert_eq!((last.body.as_ref(), last.header("ce-id")), (b"x-1-2".as_slice(), "a"));
    assert_eq!(two.received()[0].body.as_ref(), b"x-1");
    assert_eq!((two.received()[0].header("prefer"), last.header("prefer")), ("reply", ""));
    until("nothing left", async || {
        mesh.cli(&["get", "sequence", "line", "-o", "json"]).await.json()["status"]["sluice"]["backlog"] == 0
    })
    .await;
    assert_eq!((one.count(), two.count(), told.count()), (1, 1, 1));
    let delivered = |stage: &str| {
        format!("sluice_deliveries_total{{trigger=\"sequences/default/line/{stage}\",result=\"delivered\"}}")
    };
    for stage in ["step-1", "step-2", "reply"] {
        assert_eq!(mesh.metric(&delivered(stage)).await, 1.0, "{stage}");
    }
}

#[tokio::test]
async fn an_empty_answer_ends_the_flow() {
    let (one, two) = (Sink::start().await, Sink::start().await);
    one.first([Reaction::Status(200), Reaction::Mark("-1")]);
    let mesh = Mesh::with(&[sequence(&[&one, &two], None)]).await;
    mesh.accept(LINE, [Message::new("ends", "order")]).await;
    one.got(1).await;
    mesh.accept(LINE, [Message::new("goes-on", "order")]).await;
    two.got(1).await;
    assert_eq!(two.ids(), ["goes-on"]);
    assert_eq!(one.ids(), ["ends", "goes-on"]);
}

#[tokio::test]
async fn a_flow_is_shown_as_knative_shows_it() {
    let (one, two) = (Sink::start().await, Sink::start().await);
    let mesh = Mesh::with(&[sequence(&[&one, &two], None)]).await;
    until("ready", async || {
        let said = mesh.cli(&["get", "sequences"]).await.done();
        said.out.lines().any(|line| line.starts_with("line ") && line.contains("True"))
    })
    .await;
    let status = &mesh.cli(&["get", "sequence", "line", "-o", "json"]).await.json()["status"];
    assert_eq!(status["address"]["url"], mesh.events(LINE));
    let channels = status["channelStatuses"].as_array().unwrap();
    let subscriptions = status["subscriptionStatuses"].as_array().unwrap();
    assert_eq!((channels.len(), subscriptions.len()), (2, 2));
    assert_eq!(
        (&channels[0]["channel"]["kind"], &channels[0]["channel"]["name"]),
        (&"Sequence".into(), &"line".into())
    );
    assert_eq!(subscriptions[1]["ready"]["status"], "True");
    for condition in ["Addressable", "ChannelsReady", "SubscriptionsReady", "Ready"] {
        let found = status["conditions"].as_array().unwrap().iter().find(|c| c["type"] == condition);
        assert_eq!(found.unwrap()["status"], "True", "{condition}");
    }
}

/// Steps may be objects of the mesh: a Broker takes the event and answers nothing, a Sequence is sent on to.
#[tokio::test]
async fn a_reply_may_be_a_flow_and_a_trigger_may_lead_into_one() {
    let (one, two, told) = (
        Sink::reacting(Reaction::Mark("-1")).await,
        Sink::reacting(Reaction::Mark("-2")).await,
        Sink::start().await,
    );
    let to = |kind: &str, name: &str| {
        format!("{{ref: {{apiVersion: flows.knative.dev/v1, kind: {kind}, name: {name}}}}}")
    };
    let first = flow(
        "Sequence",
        "first",
        &[
            "steps:".to_owned(),
            format!("- uri: {}", one.url()),
            format!("reply: {}", to("Sequence", "second")),
        ],
    );
    let second = flow(
        "Sequence",
        "second",
        &[
            "steps:".to_owned(),
            format!("- uri: {}", two.url()),
            format!("reply: {{uri: \"{}\"}}", told.url()),
        ],
    );
    let trigger = format!(
        "apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata:\n  name: lead\nspec:\n  broker: shop\n  subscriber: {}\n---\n",
        to("Sequence", "first")
    );
    let mesh = Mesh::with(&[tests::broker("shop", &[]), trigger, first, second]).await;
    mesh.accept("/default/shop", [Message::new("a", "order").data("x")]).await;
    assert_eq!(told.got(1).await[0].body.as_ref(), b"x-1-2");
}
