//! What a request looks like.

use crate::mesh::{Mesh, http, order, trigger};
use crate::sink::Sink;
use broker_core::Channel;
use broker_core::{Arrival, Format};
use event::{EventBuilder, Mode, TraceContext};

#[tokio::test]
async fn a_request_is_the_event_and_says_who_asks() {
    let sink = Sink::taking().await;
    let mesh = Mesh::start(vec![trigger("t", http(&sink.url()), 0)]).await;
    let event = EventBuilder::from(&order("1")).set("knativebrokerttl", "9").set("color", "blue").build();
    let trace = TraceContext {
        parent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
        state: "k=v".to_owned(),
    };
    let arrival = Arrival { trace: Some(trace.clone()), ..Arrival::default() };
    mesh.send_from(event.unwrap(), arrival).await;

    let seen = &sink.seen(1).await[0];
    assert_eq!(seen.line, "POST /in?a=b HTTP/1.1");
    assert_eq!(seen.header("host"), Some(sink.address.to_string().as_str()));
    assert_eq!(seen.header("prefer"), Some("reply"));
    assert_eq!(seen.header("kn-namespace"), Some("default"));
    assert_eq!(seen.header("traceparent"), Some(trace.parent.as_str()));
    assert_eq!(seen.header("tracestate"), Some("k=v"));
    assert_eq!(seen.header("ce-id"), Some("1"));
    assert_eq!(seen.header("ce-color"), Some("blue"));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.header("ce-knativebrokerttl"), None);
    assert_eq!(seen.body, r#"{"a":1}"#);
}

#[tokio::test]
async fn the_content_mode_is_the_events_unless_the_trigger_wants_another() {
    for (came, wanted, structured) in [
        (Mode::Binary, None, false),
        (Mode::Structured, None, true),
        (Mode::Binary, Some(Format::Json), true),
        (Mode::Structured, Some(Format::Binary), false),
    ] {
        let sink = Sink::taking().await;
        let mut trigger = trigger("t", http(&sink.url()), 0);
        trigger.delivery.format = wanted;
        let mesh = Mesh::start(vec![trigger]).await;
        mesh.send(EventBuilder::from(&order("1")).mode(came).build().unwrap()).await;
        let seen = &sink.seen(1).await[0];
        let json = seen.header("content-type").unwrap().starts_with("application/cloudevents+json");
        assert_eq!(json, structured, "{came:?} {wanted:?}");
        assert_eq!(seen.header("ce-id").is_none(), structured);
        assert_eq!(seen.body.contains(r#""id":"1""#), structured);
    }
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let sink = Sink::taking().await;
    let mesh = Mesh::start(vec![trigger("t", http(&sink.url()), 0)]).await;
    for n in 1..=5 {
        mesh.send(order(&n.to_string())).await;
        assert_eq!(sink.seen(n).await[n - 1].connection, 0);
        mesh.ended("default/t", "delivered", u32::try_from(n).unwrap()).await;
    }
}

#[tokio::test]
async fn the_window_bounds_what_is_under_way() {
    let sink = Sink::start(|_, _| crate::sink::Act::Hang).await;
    let mut trigger = trigger("t", http(&sink.url()), 0);
    trigger.spec.window = std::num::NonZeroUsize::new(3).unwrap();
    let mesh = Mesh::start(vec![trigger]).await;
    for n in 0..10 {
        mesh.send(order(&n.to_string())).await;
    }
    sink.seen(3).await;
    mesh.until(async || mesh.channel.lag(&"default/t".into()).is_some_and(|lag| lag.in_flight == 3)).await;
    assert_eq!(sink.so_far().len(), 3);
}
