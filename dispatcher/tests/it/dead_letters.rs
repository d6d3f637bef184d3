//! Events that nobody will take: to the dead letter sink, else into the store, and never lost.

use crate::mesh::{Mesh, http, order, trigger};
use crate::sink::{Act, Sink, answer, status};
use base64::Engine as _;
use broker_core::{Channel, TriggerRoute};

fn delivering(sink: &Sink, dead: &Sink, retries: u32) -> TriggerRoute {
    TriggerRoute { dead_letter_sink: Some(http(&dead.url())), ..trigger("t", http(&sink.url()), retries) }
}

fn base64(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[tokio::test]
async fn without_a_dead_letter_sink_the_store_keeps_it_with_its_story() {
    let body = "e".repeat(3000);
    let sink = Sink::start(move |_, _| answer("503 Busy", &[], &body)).await;
    let mesh = Mesh::start(vec![trigger("t", http(&sink.url()), 1)]).await;
    mesh.send(order("1")).await;
    let letter = &mesh.dead_letters(1).await[0];
    assert_eq!(letter.group.as_str(), "default/t");
    assert_eq!(letter.record.event, order("1"));
    assert_eq!(letter.reason, "the sink answered 503 Service Unavailable");
    assert_eq!((letter.attempts, letter.last_status, letter.last_body.len()), (2, Some(503), 1024));
    assert!(letter.id.starts_with("0-"), "{}", letter.id);
    mesh.ended("default/t", "dead_letter", 1).await;
}

#[tokio::test]
async fn the_dead_letter_sink_gets_the_event_and_why() {
    let sink = Sink::start(|_, _| answer("400 Bad Request", &[], "no such customer")).await;
    let dead = Sink::start(|_, _| answer("200 OK", &["ce-specversion: 1.0"], "not looked at")).await;
    let mesh = Mesh::start(vec![delivering(&sink, &dead, 3)]).await;
    mesh.send(order("1")).await;
    let seen = &dead.seen(1).await[0];
    mesh.ended("default/t", "dead_letter", 1).await;
    assert_eq!((sink.so_far().len(), dead.so_far().len()), (1, 1));
    assert_eq!(seen.header("ce-id"), Some("1"));
    assert_eq!(seen.header("ce-source"), Some("/shop"));
    assert_eq!(seen.body, r#"{"a":1}"#);
    assert_eq!(seen.header("ce-knativeerrordest"), Some(sink.url().as_str()));
    assert_eq!(seen.header("ce-knativeerrorcode"), Some("400"));
    assert_eq!(seen.header("ce-knativeerrordata"), Some(base64("no such customer").as_str()));
    assert_eq!((seen.header("prefer"), seen.header("kn-namespace")), (None, Some("default")));
    assert!(mesh.dead_letters(0).await.is_empty());
}

#[tokio::test]
async fn the_error_code_is_a_number_in_a_structured_dead_letter() {
    let sink = Sink::start(|_, _| status("400 Bad Request")).await;
    let dead = Sink::taking().await;
    let mut trigger = delivering(&sink, &dead, 0);
    trigger.delivery.format = Some(broker_core::Format::Json);
    let mesh = Mesh::start(vec![trigger]).await;
    mesh.send(order("1")).await;
    let seen = &dead.seen(1).await[0];
    assert!(seen.body.contains(r#""knativeerrorcode":400"#), "{}", seen.body);
}

#[tokio::test]
async fn an_attempt_without_an_answer_is_told_as_a_dispatch_error() {
    let sink = Sink::start(|_, _| Act::AnswerAndClose(String::new())).await;
    let dead = Sink::taking().await;
    let mesh = Mesh::start(vec![delivering(&sink, &dead, 0)]).await;
    mesh.send(order("1")).await;
    let seen = &dead.seen(1).await[0];
    assert_eq!(seen.header("ce-knativeerrorcode"), Some("500"));
    let data = seen.header("ce-knativeerrordata").unwrap();
    let data = base64::engine::general_purpose::STANDARD.decode(data).unwrap();
    let data = String::from_utf8(data).unwrap();
    assert!(data.starts_with("dispatch error: the connection broke"), "{data}");
}

/// The sink said no for good: however often the dead letter sink has to be asked, the sink is not.
#[tokio::test]
async fn the_dead_letter_sink_is_tried_again_and_the_sink_is_not() {
    let sink = Sink::start(|_, _| answer("400 Bad Request", &[], "why")).await;
    let dead = Sink::start(|n, _| status(if n < 3 { "503 Busy" } else { "202 Accepted" })).await;
    let mesh = Mesh::start(vec![delivering(&sink, &dead, 3)]).await;
    mesh.send(order("1")).await;
    let seen = dead.seen(4).await;
    mesh.ended("default/t", "dead_letter", 1).await;
    assert_eq!((sink.so_far().len(), dead.so_far().len()), (1, 4));
    assert_eq!(seen[3].header("ce-knativeerrordata"), Some(base64("why").as_str()));
    assert!(mesh.dead_letters(0).await.is_empty());
}

#[tokio::test]
async fn what_the_dead_letter_sink_does_not_take_either_is_kept() {
    for (answer, tries) in [("503 Busy", 3), ("400 Bad Request", 1)] {
        let sink = Sink::start(|_, _| status("500 Oops")).await;
        let dead = Sink::start(move |_, _| status(answer)).await;
        let mesh = Mesh::start(vec![delivering(&sink, &dead, 2)]).await;
        mesh.send(order("1")).await;
        let letter = &mesh.dead_letters(1).await[0];
        assert_eq!(
            (letter.attempts, letter.last_status),
            (3, Some(500)),
            "what the sink said, not the other"
        );
        assert_eq!((sink.so_far().len(), dead.so_far().len()), (3, tries));
    }
}

/// Nobody there, and the tries are used up: the dead letter is taken, the probing goes on.
#[tokio::test]
async fn a_buried_event_does_not_make_a_dead_sink_look_alive() {
    let gone = Sink::taking().await;
    let (address, url) = (gone.address, gone.url());
    drop(gone);
    let mesh = Mesh::start(vec![trigger("t", http(&url), 1)]).await;
    mesh.until(async || tokio::net::TcpStream::connect(address).await.is_err()).await;
    mesh.send(order("1")).await;
    let letter = &mesh.dead_letters(1).await[0];
    assert_eq!((letter.attempts, letter.last_status), (2, None));
    let group = "default/t".into();
    mesh.until(async || mesh.channel.lag(&group).is_some_and(|lag| lag.backlog == 0 && lag.unreachable))
        .await;
}

/// Its sink is still being probed, and what the probe finds is better than a dead letter.
#[tokio::test]
async fn an_event_that_waits_for_the_dead_letter_sink_goes_to_its_sink_when_that_is_back() {
    let gone = Sink::taking().await;
    let dead = Sink::start(|_, _| answer("503 Busy", &["retry-after: 60"], "")).await;
    let address = gone.address;
    let trigger = delivering(&gone, &dead, 1);
    drop(gone);
    let mesh = Mesh::start(vec![trigger]).await;
    mesh.until(async || tokio::net::TcpStream::connect(address).await.is_err()).await;
    mesh.send(order("1")).await;
    dead.seen(1).await;
    let back = Sink::listen(&address.to_string(), None, |_, _| status("202 Accepted")).await;
    assert_eq!(back.seen(1).await[0].header("ce-id"), Some("1"));
    mesh.ended("default/t", "delivered", 1).await;
    assert_eq!(dead.so_far().len(), 1);
    assert!(mesh.dead_letters(0).await.is_empty());
}

#[tokio::test]
async fn while_the_store_cannot_be_written_the_event_waits() {
    let sink = Sink::start(|_, _| status("400 Bad Request")).await;
    let mesh = Mesh::start(vec![trigger("t", http(&sink.url()), 0)]).await;
    mesh.send(order("1")).await;
    mesh.ended("default/t", "dead_letter", 1).await;
    mesh.send(order("2")).await;
    mesh.backend.faults().refuse_appends(1);
    let letters = mesh.dead_letters(2).await;
    assert_eq!(letters[1].record.event.id(), "2");
    assert_eq!(sink.so_far().len(), 2, "the sink has said no once and is not asked again");
}
