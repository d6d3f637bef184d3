//! Steps of a flow: what they answer goes to the next group of the channel, and that they are done is written down.

use crate::mesh::{MAX_EVENT, Mesh, http, id, order, trigger};
use crate::sink::{Sink, answer, status};
use broker_core::{Backend, ChannelOptions, Entry, Lane, ReplyTo, TriggerRoute};
use filter::Filter;

const REPLY: [&str; 5] =
    ["ce-specversion: 1.0", "ce-id: r1", "ce-source: /sink", "ce-type: reply", "content-type: text/plain"];

fn step(name: &str, url: &str, reply: Option<ReplyTo>) -> TriggerRoute {
    TriggerRoute { step: true, reply, ..trigger(name, http(url), 0) }
}

fn next(name: &str, url: &str) -> TriggerRoute {
    let mut next = step(name, url, None);
    next.spec.filter = Filter::Any(Vec::new());
    next
}

fn to(name: &str) -> Option<ReplyTo> {
    Some(ReplyTo::Group(format!("default/{name}").as_str().into()))
}

/// Names of the groups whose ends are in the log, in order.
async fn ends(mesh: &Mesh) -> Vec<String> {
    let log = mesh.backend.open(&id(), &ChannelOptions::default()).await.unwrap();
    let (mut reader, end) = (log.read(Lane(0), 0), log.end(Lane(0)).await.unwrap());
    let (mut at, mut ends) = (0, Vec::new());
    while at < end {
        let batch = reader.next().await.unwrap();
        at = batch.next;
        ends.extend(batch.entries.into_iter().filter_map(|(_, entry)| match entry {
            Entry::Done(done) => Some(done.group.to_string()),
            _ => None,
        }));
    }
    ends
}

#[tokio::test]
async fn an_answer_goes_to_the_next_group_and_costs_no_round() {
    let first = Sink::start(|_, _| answer("200 OK", &REPLY, "hi")).await;
    let second = Sink::start(|_, _| answer("200 OK", &REPLY, "nobody wants it")).await;
    let steps = || vec![step("one", &first.url(), to("two")), next("two", &second.url())];
    let mut mesh = Mesh::start(steps()).await;
    mesh.hops = 1;
    mesh.declare(steps()).await;
    mesh.send(order("1")).await;
    let seen = &second.seen(1).await[0];
    assert_eq!((seen.header("ce-id"), seen.body.as_str()), (Some("r1"), "hi"));
    assert_eq!(seen.header("prefer"), None);
    mesh.ended("default/two", "delivered", 1).await;
    assert_eq!(ends(&mesh).await, ["default/one", "default/two"]);
    assert_eq!((first.so_far().len(), second.so_far().len()), (1, 1));
    assert_eq!(mesh.metric(r#"sluice_replies_total{result="unwanted"}"#), 1.0);
}

#[tokio::test]
async fn an_empty_answer_and_a_dead_letter_are_ends_too() {
    let sink = Sink::start(|n, _| status(if n == 0 { "202 Accepted" } else { "400 Bad Request" })).await;
    let mesh = Mesh::start(vec![step("one", &sink.url(), to("two"))]).await;
    mesh.send(order("1")).await;
    mesh.ended("default/one", "delivered", 1).await;
    mesh.send(order("2")).await;
    mesh.ended("default/one", "dead_letter", 1).await;
    mesh.until(async || ends(&mesh).await == ["default/one", "default/one"]).await;
}

/// The event that was answered is not delivered again before its answer was handed on, and then never.
#[tokio::test]
async fn an_answer_that_cannot_be_written_fails_the_attempt() {
    let mesh = Mesh::start(Vec::new()).await;
    let faults = mesh.backend.faults();
    let first = Sink::start(move |n, _| {
        if n == 0 {
            faults.refuse_appends(1);
        }
        answer("200 OK", &REPLY, "hi")
    })
    .await;
    let second = Sink::taking().await;
    let mut patient = step("one", &first.url(), to("two"));
    patient.delivery.retries = 3;
    let mut mesh = mesh;
    mesh.declare(vec![patient, next("two", &second.url())]).await;
    mesh.send(order("1")).await;
    second.seen(1).await;
    mesh.ended("default/one", "delivered", 1).await;
    assert_eq!((first.so_far().len(), second.so_far().len()), (2, 1));
}

/// Of several answers those that fit go on; one that never will is kept for the group that it was for.
#[tokio::test]
async fn an_answer_that_is_too_large_is_kept_for_the_next_group() {
    let large = "x".repeat(MAX_EVENT);
    let batch = format!(
        r#"[{{"specversion":"1.0","id":"large","source":"/s","type":"reply","data":"{large}"}},
            {{"specversion":"1.0","id":"small","source":"/s","type":"reply"}}]"#
    );
    let json = ["content-type: application/cloudevents-batch+json"];
    let first = Sink::start(move |_, _| answer("200 OK", &json, &batch)).await;
    let second = Sink::taking().await;
    let mesh = Mesh::start(vec![step("one", &first.url(), to("two")), next("two", &second.url())]).await;
    mesh.send(order("1")).await;
    assert!(second.seen(1).await[0].body.contains(r#""id":"small""#));
    let letter = &mesh.dead_letters(1).await[0];
    assert_eq!((letter.group.as_str(), letter.record.event.id()), ("default/two", "large"));
    assert!(letter.record.envelope.hops > 0, "sent again it may be answered");
    mesh.ended("default/one", "delivered", 1).await;
}
