//! A step that fails: its event waits there, or becomes a dead letter of that step, and goes on from there.

use crate::flow_sequence::LINE;
use tests::{Mesh, Message, Reaction, Sink, flow, until};

fn step(sink: &Sink, delivery: &str) -> String {
    format!("- uri: {}\n  delivery: {{{delivery}}}", sink.url())
}

#[tokio::test]
async fn a_redriven_letter_goes_to_its_step_again_and_the_flow_goes_on_behind_it() {
    let (one, two, told) = (
        Sink::reacting(Reaction::Mark("-1")).await,
        Sink::reacting(Reaction::Status(400)).await,
        Sink::start().await,
    );
    let spec = [
        "steps:".to_owned(),
        format!("- uri: {}", one.url()),
        step(&two, "retry: 0"),
        format!("reply: {{uri: \"{}\"}}", told.url()),
    ];
    let mesh = Mesh::with(&[flow("Sequence", "line", &spec)]).await;
    mesh.accept(LINE, [Message::new("a", "order").data("x")]).await;
    until("a dead letter", async || mesh.dead_letters().await.len() == 1).await;
    let letter = &mesh.dead_letters().await[0];
    assert_eq!(letter["trigger"], "sequences/default/line/step-2");
    two.then(Reaction::Mark("-2"));
    let redrive = ["dlq", "redrive", "--trigger", "sequences/default/line/step-2"];
    mesh.cli(&redrive).await.done();
    assert_eq!(told.got(1).await[0].body.as_ref(), b"x-1-2");
    until("no dead letter", async || mesh.dead_letters().await.is_empty()).await;
    assert_eq!((one.count(), two.count(), told.count()), (1, 2, 1));
}

#[tokio::test]
async fn each_step_has_a_delivery_and_a_dead_letter_sink_of_its_own() {
    let (one, two, lost) = (
        Sink::reacting(Reaction::Mark("-1")).await,
        Sink::reacting(Reaction::Status(503)).await,
        Sink::start().await,
    );
    let spec = [
        "steps:".to_owned(),
        step(&one, "retry: 5"),
        step(&two, &format!("retry: 2, backoffDelay: PT0.01S, deadLetterSink: {{uri: \"{}\"}}", lost.url())),
    ];
    let mesh = Mesh::with(&[flow("Sequence", "line", &spec)]).await;
    mesh.accept(LINE, [Message::new("a", "order").data("x")]).await;
    let letter = lost.got(1).await.remove(0);
    assert_eq!((letter.body.as_ref(), letter.header("ce-knativeerrorcode")), (b"x-1".as_slice(), "503"));
    assert_eq!((one.count(), two.count()), (1, 3));
    assert!(mesh.dead_letters().await.is_empty());
}

/// What a step answers may be more than the mesh takes: the answer is kept for the next step, and the step is done.
#[tokio::test]
async fn an_answer_that_is_too_large_is_a_dead_letter_of_the_next_step() {
    let large = Message::new("large", "order").data("x".repeat(100_000));
    let (one, two) = (Sink::reacting(Reaction::Reply(large)).await, Sink::start().await);
    let spec = ["steps:".to_owned(), format!("- uri: {}", one.url()), format!("- uri: {}", two.url())];
    let mut mesh = Mesh::new();
    mesh.flags(&["--max-event-size", "10KiB"]);
    mesh.write("mesh.yaml", &flow("Sequence", "line", &spec));
    mesh.start().await;
    mesh.accept(LINE, [Message::new("a", "order")]).await;
    until("a dead letter", async || mesh.dead_letters().await.len() == 1).await;
    let letter = &mesh.dead_letters().await[0];
    assert_eq!(
        (letter["trigger"].as_str(), letter["event"]["id"].as_str()),
        (Some("sequences/default/line/step-2"), Some("large"))
    );
    mesh.cli(&["dlq", "redrive", "--all"]).await.done();
    assert_eq!(two.got(1).await[0].header("ce-id"), "large");
    assert_eq!(one.count(), 1);
}
