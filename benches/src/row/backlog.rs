//! What happens to two million events while the sink is down, and when it comes back.

use super::complain;
use crate::bench::{Bench, MEBIBYTE, Wanted};
use crate::measure::{Figures, Load, Sink, Until};
use crate::server::Server;
use crate::{mesh, proc};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

const BATCH: u64 = 100;
/// MiB of segments that a log may keep for the next events.
const ALWAYS_KEPT: f64 = 64.0;
/// The sink comes back within this, and the disk is given back within this.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn run(bench: &mut Bench) -> Result<(), crate::Error> {
    // Nobody else gets this port within a few seconds: Linux hands out others first.
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let mesh =
        mesh::broker("bench") + &mesh::trigger("all", "bench", mesh::TYPE, &format!("http://{address}/"));
    let server = bench.start(&mesh)?;
    let live = live_rate(bench, &server, &address)?;
    bench.note("backlog", "live rate", live, "events/s", Wanted::Nothing);

    fill(bench, &server)?;
    let memory = proc::resident_peak(server.pid)? as f64 / MEBIBYTE;
    bench.note("backlog", "memory, at most, the sink down", memory, "MiB", Wanted::AtMost(300.0));
    let full = proc::occupied(&server.data()) as f64 / MEBIBYTE;
    bench.note("backlog", "disk, the sink down", full, "MiB", Wanted::Nothing);

    let (first, rate) = catch_up(bench.backlog, &address)?;
    bench.note(
        "backlog",
        "first delivery after the sink is back",
        first.as_secs_f64(),
        "s",
        Wanted::AtMost(5.0),
    );
    bench.note("backlog", "catch-up rate", rate, "events/s", Wanted::AtLeast((live * 0.8).round()));
    let memory = proc::resident_peak(server.pid)? as f64 / MEBIBYTE;
    bench.note("backlog", "memory, at most, in all", memory, "MiB", Wanted::AtMost(300.0));

    let enough = (full / 4.0).max(ALWAYS_KEPT).round();
    let left = given_back(&server, enough);
    bench.note("backlog", "disk, caught up", left, "MiB", Wanted::AtMost(enough));
    Ok(())
}

fn live_rate(bench: &Bench, server: &Server, address: &str) -> Result<f64, crate::Error> {
    let mut sink = Sink::start_on(address)?;
    let figures: Figures = sink.measure(server, &Load::saturating("/default/bench", bench.seconds), 1)?;
    complain(&figures);
    Ok(figures.rate())
}

fn fill(bench: &Bench, server: &Server) -> Result<(), crate::Error> {
    let load = Load {
        batch: BATCH,
        until: Until::Requests(bench.backlog / BATCH),
        ..Load::saturating("/default/bench", bench.seconds)
    };
    let accepted = load.run(server.events)?["accepted"].as_u64().unwrap_or_default();
    match accepted == bench.backlog {
        true => Ok(()),
        false => Err(format!("only {accepted} of {} events were taken", bench.backlog).into()),
    }
}

/// How long the first event took, and events a second from then on.
fn catch_up(events: u64, address: &str) -> Result<(Duration, f64), crate::Error> {
    let mut sink = Sink::start_on(address)?;
    let start = Instant::now();
    sink.wait_for(1, PATIENCE)?;
    let first = start.elapsed();
    let last = sink.wait_for(events, PATIENCE)?;
    let received = sink.received()?;
    if received < events {
        return Err(format!("only {received} of {events} events arrived").into());
    }
    Ok((first, received as f64 / (last - start - first).as_secs_f64()))
}

/// Waits until the folder occupies no more than `enough` MiB, or a minute; what it occupies then.
fn given_back(server: &Server, enough: f64) -> f64 {
    let start = Instant::now();
    loop {
        let left = proc::occupied(&server.data()) as f64 / MEBIBYTE;
        if left <= enough || start.elapsed() > PATIENCE {
            return left;
        }
        thread::sleep(Duration::from_millis(100));
    }
}
