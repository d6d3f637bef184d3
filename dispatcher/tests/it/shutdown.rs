//! The end: what has begun is finished, the rest goes back.

use crate::mesh::{Mesh, http, order, trigger};
use crate::sink::{Act, Sink, status};
use broker_core::Channel;
use dispatcher::Options;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_under_way_is_finished_and_nothing_new_begins() {
    let (go, gate) = mpsc::channel::<()>();
    let gate = Arc::new(Mutex::new(gate));
    let sink = Sink::start(move |_, _| {
        gate.lock().unwrap().recv().unwrap();
        status("202 Accepted")
    })
    .await;
    let mut trigger = trigger("t", http(&sink.url()), 0);
    trigger.spec.window = std::num::NonZeroUsize::MIN;
    let mut mesh = Mesh::start(vec![trigger]).await;
    mesh.send(order("1")).await;
    mesh.send(order("2")).await;
    mesh.until(async || sink.so_far().len() == 1).await;
    mesh.shutdown.cancel();
    go.send(()).unwrap();
    (&mut mesh.running).await.unwrap();
    assert_eq!(sink.so_far().len(), 1);
    mesh.until(async || mesh.channel.lag(&"default/t".into()).is_some_and(|lag| lag.backlog == 1)).await;
}

#[tokio::test]
async fn after_the_drain_time_the_rest_is_given_back() {
    let sink = Sink::start(|_, _| Act::Hang).await;
    let options = Options { drain: Duration::from_millis(20), ..Options::default() };
    let mut mesh = Mesh::with(vec![trigger("t", http(&sink.url()), 0)], options).await;
    mesh.send(order("1")).await;
    sink.seen(1).await;
    mesh.shutdown.cancel();
    (&mut mesh.running).await.unwrap();
    let group = "default/t".into();
    mesh.until(async || mesh.channel.lag(&group).is_some_and(|lag| (lag.in_flight, lag.backlog) == (0, 1)))
        .await;
}
