//! A sink that is asked for its consent, and one that says how fast it wants its events.

use crate::mesh::{Mesh, http, order, trigger};
use crate::sink::{Act, Seen, Sink, answer, status};
use broker_core::TriggerRoute;
use event::{Data, EventBuilder};
use std::time::{Duration, Instant};

fn asking(url: &str, retries: u32) -> TriggerRoute {
    TriggerRoute { handshake: true, ..trigger("t", http(url), retries) }
}

fn is_question(seen: &Seen) -> bool {
    seen.line.starts_with("OPTIONS ")
}

/// Takes events, and answers a question with these headers.
fn agreeing(headers: &'static [&'static str]) -> impl Fn(usize, &Seen) -> Act {
    move |_, seen| if is_question(seen) { answer("200 OK", headers, "") } else { status("202 Accepted") }
}

#[tokio::test]
async fn consent_is_asked_once_and_every_request_says_who_sends() {
    let sink = Sink::start(agreeing(&["webhook-allowed-origin: default.sluice"])).await;
    let mesh = Mesh::start(vec![asking(&sink.url(), 0)]).await;
    for n in 0..20 {
        mesh.send(order(&n.to_string())).await;
    }
    let seen = sink.seen(21).await;
    assert_eq!(seen[0].line, "OPTIONS /in?a=b HTTP/1.1");
    assert_eq!(seen.iter().filter(|s| is_question(s)).count(), 1);
    assert!(seen.iter().all(|s| s.header("webhook-request-origin") == Some("default.sluice")));
    mesh.ended("default/t", "delivered", 20).await;
}

#[tokio::test]
async fn without_consent_no_event_goes_and_the_reason_is_kept() {
    let sink = Sink::start(agreeing(&["allow: POST"])).await;
    let mesh = Mesh::start(vec![asking(&sink.url(), 1)]).await;
    mesh.send(order("1")).await;
    let letter = &mesh.dead_letters(1).await[0];
    assert!(sink.so_far().iter().all(is_question));
    assert_eq!((letter.attempts, letter.last_status), (2, None));
    let why = "did not agree to events (it answered OPTIONS with 200 OK)";
    assert!(letter.reason.contains(why), "{}", letter.reason);
}

#[tokio::test]
async fn a_sink_that_agrees_later_gets_what_waited() {
    let agree = answer("200 OK", &["webhook-allowed-origin: *"], "");
    let sink = Sink::start(move |n, seen| match n {
        0 => status("405 No"),
        _ if is_question(seen) => agree.clone(),
        _ => status("202 Accepted"),
    })
    .await;
    let mesh = Mesh::start(vec![asking(&sink.url(), 10_000)]).await;
    for n in 0..5 {
        mesh.send(order(&n.to_string())).await;
    }
    let seen = sink.seen(7).await;
    assert_eq!(seen.iter().filter(|s| is_question(s)).count(), 2);
    mesh.ended("default/t", "delivered", 5).await;
}

#[tokio::test]
async fn the_allowed_rate_is_kept() {
    let sink = Sink::start(agreeing(&["webhook-allowed-origin: *", "webhook-allowed-rate: 600"])).await;
    let mesh = Mesh::start(vec![asking(&sink.url(), 0)]).await;
    let begin = Instant::now();
    for n in 0..5 {
        mesh.send(order(&n.to_string())).await;
    }
    sink.seen(6).await;
    assert!(begin.elapsed() >= Duration::from_millis(400), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn what_has_no_body_goes_as_json_to_a_webhook() {
    let sink = Sink::start(agreeing(&["webhook-allowed-origin: *"])).await;
    let mesh = Mesh::start(vec![asking(&sink.url(), 0)]).await;
    mesh.send(EventBuilder::from(&order("1")).data(Data::Absent).build().unwrap()).await;
    let seen = &sink.seen(2).await[1];
    assert_eq!(seen.header("content-type"), Some("application/cloudevents+json"));
    assert!(seen.body.contains(r#""id":"1""#), "{}", seen.body);
}

/// A changed sink has not agreed to anything.
#[tokio::test]
async fn another_sink_is_asked_again() {
    let (one, two) = (
        Sink::start(agreeing(&["webhook-allowed-origin: *"])).await,
        Sink::start(agreeing(&["webhook-allowed-origin: *"])).await,
    );
    let mut mesh = Mesh::start(vec![asking(&one.url(), 0)]).await;
    mesh.send(order("1")).await;
    mesh.ended("default/t", "delivered", 1).await;
    mesh.declare(vec![asking(&two.url(), 0)]).await;
    let mut sent = 1;
    mesh.until(async || {
        sent += 1;
        mesh.send(order(&sent.to_string())).await;
        !two.so_far().is_empty()
    })
    .await;
    assert!(is_question(&two.seen(2).await[0]));
}

#[tokio::test]
async fn a_sink_that_is_asked_too_much_gets_nothing_until_its_time() {
    let sink = Sink::start(|n, _| match n {
        0 => answer("429 Too Many Requests", &["retry-after: 1"], ""),
        _ => status("202 Accepted"),
    })
    .await;
    let mesh = Mesh::start(vec![trigger("t", http(&sink.url()), 1)]).await;
    let begin = Instant::now();
    mesh.send(order("1")).await;
    mesh.ended("default/t", "failed", 1).await;
    mesh.send(order("2")).await;
    sink.seen(2).await;
    assert!(begin.elapsed() >= Duration::from_secs(1), "{:?}", begin.elapsed());
    sink.seen(3).await;
}
