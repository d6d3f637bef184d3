//! Which answers are tried again, and what a lost connection costs.

use crate::mesh::{Mesh, http, order, trigger};
use crate::sink::{Act, Sink, answer, status};
use broker_core::Channel;
use std::time::Duration;

fn attempts(mesh: &Mesh, class: &str) -> f64 {
    mesh.metric(&format!(r#"sluice_attempts_total{{trigger="default/t",class="{class}"}}"#))
}

#[tokio::test]
async fn some_answers_are_tried_again_until_one_is_a_success() {
    for code in ["404", "408", "409", "429", "500", "502", "503", "599"] {
        let line = format!("{code} Not Now");
        let sink = Sink::start(move |n, _| status(if n < 2 { &line } else { "204 No Content" })).await;
        let mesh = Mesh::start(vec![trigger("t", http(&sink.url()), 5)]).await;
        mesh.send(order("1")).await;
        mesh.ended("default/t", "delivered", 1).await;
        mesh.ended("default/t", "failed", 2).await;
        assert_eq!(sink.so_far().len(), 3, "{code}");
        assert_eq!(attempts(&mesh, "2xx"), 1.0);
        let durations =
            |name| mesh.metric(&format!(r#"kn_eventing_{name}_duration_count{{trigger="default/t"}}"#));
        assert_eq!((durations("process"), durations("dispatch")), (1.0, 3.0));
    }
}

#[tokio::test]
async fn other_answers_are_final() {
    for code in ["400", "401", "403", "410", "415", "301", "302", "307", "304"] {
        let line = format!("{code} Never");
        let sink =
            Sink::start(move |_, _| answer(&line, &["location: http://127.0.0.1:1/"], "go away")).await;
        let mesh = Mesh::start(vec![trigger("t", http(&sink.url()), 5)]).await;
        mesh.send(order("1")).await;
        let letter = &mesh.dead_letters(1).await[0];
        assert_eq!(letter.last_status.unwrap().to_string(), code);
        assert_eq!((letter.attempts, sink.so_far().len()), (1, 1), "{code}");
    }
}

#[tokio::test]
async fn tries_are_the_first_and_the_retries() {
    let sink = Sink::start(|_, _| status("500 Oops")).await;
    let mesh = Mesh::start(vec![trigger("t", http(&sink.url()), 3)]).await;
    mesh.send(order("1")).await;
    assert_eq!(mesh.dead_letters(1).await[0].attempts, 4);
    assert_eq!(sink.so_far().len(), 4);
}

#[tokio::test]
async fn no_answer_in_time_is_a_failed_attempt() {
    let sink = Sink::start(|n, _| if n == 0 { Act::Hang } else { status("202 Accepted") }).await;
    let mut trigger = trigger("t", http(&sink.url()), 1);
    trigger.delivery.timeout = Duration::from_millis(50);
    let mesh = Mesh::start(vec![trigger]).await;
    mesh.send(order("1")).await;
    sink.seen(2).await;
    mesh.ended("default/t", "delivered", 1).await;
    assert_eq!(attempts(&mesh, "timeout"), 1.0);
}

#[tokio::test]
async fn the_time_out_covers_the_body_of_the_answer() {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_owned();
    let sink =
        Sink::start(move |n, _| if n == 0 { Act::Answer(half.clone()) } else { status("200 OK") }).await;
    let mut trigger = trigger("t", http(&sink.url()), 1);
    trigger.delivery.timeout = Duration::from_millis(50);
    let mesh = Mesh::start(vec![trigger]).await;
    mesh.send(order("1")).await;
    sink.seen(2).await;
    mesh.ended("default/t", "delivered", 1).await;
    assert_eq!(attempts(&mesh, "timeout"), 1.0);
}

#[tokio::test]
async fn retry_after_is_waited_for() {
    let sink = Sink::start(|n, _| match n {
        0 => answer("503 Busy", &["retry-after: 1"], ""),
        _ => status("202 Accepted"),
    })
    .await;
    let mesh = Mesh::start(vec![trigger("t", http(&sink.url()), 1)]).await;
    let begin = std::time::Instant::now();
    mesh.send(order("1")).await;
    sink.seen(2).await;
    assert!(begin.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_sink_that_refuses_connections_gets_its_events_when_it_comes() {
    let gone = Sink::taking().await;
    let (address, url) = (gone.address, gone.url());
    drop(gone);
    let mesh = Mesh::start(vec![trigger("t", http(&url), 1000)]).await;
    mesh.until(async || tokio::net::TcpStream::connect(address).await.is_err()).await;
    for n in 0..20 {
        mesh.send(order(&n.to_string())).await;
    }
    mesh.until(async || attempts(&mesh, "unreachable") >= 1.0).await;
    mesh.until(async || mesh.channel.lag(&"default/t".into()).is_some_and(|lag| lag.unreachable)).await;
    let back = Sink::listen(&address.to_string(), None, |_, _| status("202 Accepted")).await;
    back.seen(20).await;
    mesh.ended("default/t", "delivered", 20).await;
}

#[tokio::test]
async fn a_host_that_does_not_exist_is_unreachable() {
    let mesh = Mesh::start(vec![trigger("t", http("http://no-such-host.invalid/"), 0)]).await;
    mesh.send(order("1")).await;
    let letter = &mesh.dead_letters(1).await[0];
    assert_eq!(letter.last_status, None);
    assert!(letter.reason.contains("`no-such-host.invalid:80` cannot be reached"), "{}", letter.reason);
    assert_eq!(attempts(&mesh, "unreachable"), 1.0);
}

/// Closed before the request: seen and replaced. Closed instead of an answer: sent again at once. Neither counts.
#[tokio::test]
async fn a_kept_connection_that_was_closed_costs_no_attempt() {
    let taken = "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
    let sink = Sink::start(move |n, _| match n {
        0 => Act::AnswerAndClose(taken.to_owned()),
        2 => Act::AnswerAndClose(String::new()),
        _ => Act::Answer(taken.to_owned()),
    })
    .await;
    let mesh = Mesh::start(vec![trigger("t", http(&sink.url()), 0)]).await;
    for n in 1..=3 {
        mesh.send(order(&n.to_string())).await;
        mesh.ended("default/t", "delivered", n).await;
    }
    let ids: Vec<_> = sink.so_far().iter().map(|s| s.header("ce-id").unwrap().to_owned()).collect();
    assert_eq!(ids, ["1", "2", "3", "3"]);
    assert_eq!(attempts(&mesh, "broken"), 0.0);
}

#[tokio::test]
async fn a_fresh_connection_that_breaks_is_a_failed_attempt() {
    let sink = Sink::start(|_, _| Act::AnswerAndClose(String::new())).await;
    let mesh = Mesh::start(vec![trigger("t", http(&sink.url()), 1)]).await;
    mesh.send(order("1")).await;
    let letter = &mesh.dead_letters(1).await[0];
    assert_eq!((letter.attempts, sink.so_far().len()), (2, 2));
    assert!(letter.reason.contains("broke before an answer"), "{}", letter.reason);
    assert_eq!(attempts(&mesh, "broken"), 2.0);
}

#[tokio::test]
async fn a_sink_that_hangs_costs_its_neighbour_nothing() {
    let hanging = Sink::start(|_, _| Act::Hang).await;
    let healthy = Sink::taking().await;
    let mesh =
        Mesh::start(vec![trigger("t", http(&hanging.url()), 0), trigger("u", http(&healthy.url()), 0)]).await;
    for n in 0..300 {
        mesh.send(order(&n.to_string())).await;
    }
    healthy.seen(300).await;
    mesh.ended("default/u", "delivered", 300).await;
}
