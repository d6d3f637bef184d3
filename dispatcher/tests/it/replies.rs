//! What is a reply, and what becomes of it.

use crate::mesh::{MAX_EVENT, Mesh, http, only, order, trigger};
use crate::sink::{Act, Sink, answer, status};
use broker_core::{ObjectKey, ReplyTo, TriggerRoute};

const REPLY: [&str; 5] =
    ["ce-specversion: 1.0", "ce-id: r1", "ce-source: /sink", "ce-type: reply", "content-type: text/plain"];

fn replying(url: &str) -> TriggerRoute {
    only(trigger("t", http(url), 3), "order")
}

fn listening(url: &str) -> TriggerRoute {
    only(trigger("listener", http(url), 0), "reply")
}

fn replies(mesh: &Mesh, result: &str) -> f64 {
    mesh.metric(&format!(r#"sluice_replies_total{{result="{result}"}}"#))
}

#[tokio::test]
async fn an_event_in_a_200_goes_to_the_broker() {
    let sink = Sink::start(|_, _| answer("200 OK", &REPLY, "hi")).await;
    let listener = Sink::taking().await;
    let mesh = Mesh::start(vec![replying(&sink.url()), listening(&listener.url())]).await;
    mesh.send(order("1")).await;
    let seen = &listener.seen(1).await[0];
    assert_eq!((seen.header("ce-id"), seen.body.as_str()), (Some("r1"), "hi"));
    mesh.ended("default/t", "delivered", 1).await;
    assert_eq!((sink.so_far().len(), replies(&mesh, "accepted")), (1, 1.0));
}

#[tokio::test]
async fn every_member_of_a_batch_is_a_reply() {
    let batch = r#"[{"specversion":"1.0","id":"a","source":"/s","type":"reply"},
        {"specversion":"1.0","id":"b","source":"/s","type":"reply"}]"#;
    let sink =
        Sink::start(|_, _| answer("200 OK", &["content-type: application/cloudevents-batch+json"], batch))
            .await;
    let listener = Sink::taking().await;
    let mesh = Mesh::start(vec![replying(&sink.url()), listening(&listener.url())]).await;
    mesh.send(order("1")).await;
    let seen = listener.seen(2).await;
    let has = |id| seen.iter().filter(|s| s.body.contains(id)).count();
    assert_eq!((has(r#""id":"a""#), has(r#""id":"b""#)), (1, 1));
}

#[tokio::test]
async fn what_is_no_reply_is_a_success_and_counted() {
    for act in [
        answer("202 Accepted", &REPLY, "hi"),
        answer("201 Created", &REPLY, "hi"),
        answer("200 OK", &["content-type: text/plain"], "hello"),
        answer("200 OK", &["content-type: application/json"], "{}"),
    ] {
        let label = format!("{act:?}");
        let sink = Sink::start(move |_, _| act.clone()).await;
        let mesh = Mesh::start(vec![replying(&sink.url())]).await;
        mesh.send(order("1")).await;
        mesh.ended("default/t", "delivered", 1).await;
        assert_eq!(sink.so_far().len(), 1, "{label}");
        assert_eq!((replies(&mesh, "ignored"), replies(&mesh, "accepted")), (1.0, 0.0), "{label}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_or_is_no_valid_event_is_a_failed_attempt() {
    let broken = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 10\r\n\r\nhalf".to_owned();
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n".to_owned();
    for act in [
        Act::AnswerAndClose(broken),
        Act::AnswerAndClose(chunked),
        answer("200 OK", &["ce-specversion: 1.0", "ce-id: r1"], "no source"),
        answer("200 OK", &["content-type: application/cloudevents+json"], "{"),
        answer("200 OK", &["content-type: application/cloudevents+avro"], "x"),
    ] {
        let label = format!("{act:?}");
        let sink = Sink::start(move |n, _| if n == 0 { act.clone() } else { status("202 Accepted") }).await;
        let mesh = Mesh::start(vec![replying(&sink.url())]).await;
        mesh.send(order("1")).await;
        mesh.ended("default/t", "delivered", 1).await;
        assert_eq!(sink.so_far().len(), 2, "{label}");
    }
}

#[tokio::test]
async fn a_reply_that_cannot_be_stored_fails_the_attempt() {
    let sink = Sink::start(|_, _| answer("200 OK", &REPLY, "hi")).await;
    let mut trigger = replying(&sink.url());
    trigger.reply = Some(ReplyTo::Target(ObjectKey::broker("default", "nowhere")));
    let mesh = Mesh::start(vec![trigger]).await;
    mesh.send(order("1")).await;
    let letter = &mesh.dead_letters(1).await[0];
    assert_eq!((letter.attempts, sink.so_far().len()), (4, 4));
    assert_eq!(letter.record.event.id(), "1");
    assert!(letter.reason.contains("there is no Broker `default/nowhere`"), "{}", letter.reason);
}

#[tokio::test]
async fn a_reply_out_of_hops_is_kept_and_its_cause_is_done() {
    let sink = Sink::start(|_, _| answer("200 OK", &REPLY, "hi")).await;
    let triggers = || vec![trigger("t", http(&sink.url()), 3)];
    let mut mesh = Mesh::start(triggers()).await;
    mesh.hops = 2;
    mesh.declare(triggers()).await;
    mesh.send(order("1")).await;
    // Round 1: the order and its reply. Round 2: the reply is answered, and that reply is not let in any more.
    let letter = &mesh.dead_letters(1).await[0];
    mesh.ended("default/t", "delivered", 2).await;
    assert_eq!(sink.so_far().len(), 2);
    assert_eq!((letter.record.event.ty(), letter.record.event.id()), ("reply", "r1"));
    assert!(letter.reason.contains("rounds"), "{}", letter.reason);
    assert_eq!(replies(&mesh, "refused"), 1.0);
}

#[tokio::test]
async fn a_reply_that_is_too_large_is_kept_and_the_others_go_on() {
    let large = "x".repeat(MAX_EVENT);
    let batch = format!(
        r#"[{{"specversion":"1.0","id":"large","source":"/s","type":"reply","data":"{large}"}},
            {{"specversion":"1.0","id":"small","source":"/s","type":"reply"}}]"#
    );
    let sink = Sink::start(move |_, _| {
        answer("200 OK", &["content-type: application/cloudevents-batch+json"], &batch)
    })
    .await;
    let listener = Sink::taking().await;
    let mesh = Mesh::start(vec![replying(&sink.url()), listening(&listener.url())]).await;
    mesh.send(order("1")).await;
    assert!(listener.seen(1).await[0].body.contains(r#""id":"small""#));
    assert_eq!(mesh.dead_letters(1).await[0].record.event.id(), "large");
    mesh.ended("default/t", "delivered", 1).await;
    assert_eq!(sink.so_far().len(), 1);
}

/// Too much to read as a reply: final, and nothing is read beyond the bound.
#[tokio::test]
async fn an_endless_reply_is_final() {
    let endless = "x".repeat(MAX_EVENT * 16 + 100_000);
    let sink = Sink::start(move |_, _| answer("200 OK", &REPLY, &endless)).await;
    let mesh = Mesh::start(vec![replying(&sink.url())]).await;
    mesh.send(order("1")).await;
    let letter = &mesh.dead_letters(1).await[0];
    assert_eq!((letter.attempts, letter.record.event.id()), (1, "1"));
    assert!(letter.reason.contains("`--max-event-size`"), "{}", letter.reason);
}
