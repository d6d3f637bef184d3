//! A sink is ill, the process is ended in the middle of it: nothing is lost, and the neighbours do not notice.

use std::time::Duration;
use tests::{Mesh, Message, Reaction, Sink, Trigger, broker, until};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    SinkDown,
    SinkHanging,
    SlowNeighbour,
    DeadLetterSinkDown,
}

/// How the process ends in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Kill,
    Terminate,
}

const EVENTS: usize = 60;

struct Sinks {
    ill: Sink,
    dead_letters: Sink,
    healthy: Sink,
}

impl Sinks {
    async fn start() -> Self {
        Self { ill: Sink::start().await, dead_letters: Sink::start().await, healthy: Sink::start().await }
    }

    async fn fail(&mut self, fault: Fault) {
        match fault {
            Fault::SinkDown => self.ill.stop().await,
            Fault::SinkHanging => self.ill.then(Reaction::Hang),
            Fault::SlowNeighbour => self.ill.then(Reaction::Slow(Duration::from_millis(500))),
            Fault::DeadLetterSinkDown => {
                self.ill.then(Reaction::Status(400));
                self.dead_letters.stop().await;
            }
        }
    }

    async fn recover(&mut self, fault: Fault) {
        match fault {
            Fault::SinkDown => self.ill.resume().await,
            Fault::SinkHanging | Fault::SlowNeighbour => self.ill.then(Reaction::Status(200)),
            Fault::DeadLetterSinkDown => self.dead_letters.resume().await,
        }
    }
}

async fn restart(mesh: &mut Mesh, end: End) {
    match end {
        End::Kill => mesh.kill().await,
        End::Terminate => mesh.stop().await,
    }
    mesh.start().await;
}

fn messages(range: std::ops::Range<usize>) -> impl Iterator<Item = Message> {
    range.map(|n| Message::new(&n.to_string(), "order"))
}

fn missing(got: &[String]) -> usize {
    (0..EVENTS).filter(|n| !got.contains(&n.to_string())).count()
}

/// Half of the events come before the end of the process, half after it; then the fault is over.
async fn survives(fault: Fault, end: End) {
    let mut sinks = Sinks::start().await;
    let ill = Trigger::new("ill", &sinks.ill.url()).annotated("sluice.dev/max-in-flight: \"10\"");
    let ill = match fault {
        Fault::DeadLetterSinkDown => ill
            .delivery("retry: 1")
            .delivery("backoffDelay: PT0.05S")
            .dead_letters_to(&sinks.dead_letters.url()),
        _ => ill.delivery("retry: 1000").delivery("backoffMax: PT0.5S").delivery("timeout: PT1S"),
    };
    let mut mesh = Mesh::new();
    let healthy = Trigger::new("healthy", &sinks.healthy.url());
    mesh.write("mesh.yaml", &[broker("shop", &[]), ill.to_string(), healthy.to_string()].concat());
    mesh.flags(&["--drain-timeout", "1s"]);
    mesh.start().await;

    sinks.fail(fault).await;
    mesh.accept("/default/shop", messages(0..EVENTS / 2)).await;
    sinks.healthy.got(EVENTS / 2).await;
    restart(&mut mesh, end).await;
    mesh.accept("/default/shop", messages(EVENTS / 2..EVENTS)).await;
    until("all where the sink is well", async || missing(&sinks.healthy.ids()) == 0).await;
    sinks.recover(fault).await;
    until(&format!("all in spite of {fault:?} and {end:?}"), async || {
        let mut got = if fault == Fault::DeadLetterSinkDown { Vec::new() } else { sinks.ill.ids() };
        got.extend(sinks.dead_letters.ids());
        let kept = mesh.dead_letters().await;
        got.extend(kept.iter().filter_map(|letter| Some(letter["event"]["id"].as_str()?.to_owned())));
        missing(&got) == 0
    })
    .await;
}

#[tokio::test]
async fn a_sink_that_is_down() {
    tokio::join!(survives(Fault::SinkDown, End::Kill), survives(Fault::SinkDown, End::Terminate));
}

#[tokio::test]
async fn a_sink_that_hangs() {
    tokio::join!(survives(Fault::SinkHanging, End::Kill), survives(Fault::SinkHanging, End::Terminate));
}

#[tokio::test]
async fn a_neighbour_that_is_slow() {
    tokio::join!(survives(Fault::SlowNeighbour, End::Kill), survives(Fault::SlowNeighbour, End::Terminate));
}

#[tokio::test]
async fn a_dead_letter_sink_that_is_down() {
    let fault = Fault::DeadLetterSinkDown;
    tokio::join!(survives(fault, End::Kill), survives(fault, End::Terminate));
}
