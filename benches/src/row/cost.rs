//! What an event costs: the two floors and sluice with one matching trigger, on the same machine in turn.

use super::contest;
use crate::bench::{Bench, Wanted, median};
use crate::measure::{Figures, Load, Sink};
use crate::mesh;
use crate::server::Server;

const STEADY: u64 = 5_000;

pub(super) fn run(bench: &mut Bench) -> Result<(), crate::Error> {
    let mut sink = Sink::start()?;
    let mut servers = vec![
        ("forward floor", Server::forward(sink.address, &bench.folder)?),
        ("durable floor", Server::durable(sink.address, &bench.folder)?),
    ];
    if bench.sluice.is_some() {
        let mesh = mesh::broker("bench") + &mesh::trigger("all", "bench", mesh::TYPE, &sink.uri());
        servers.push(("sluice", bench.start(&mesh)?));
    }
    let path = "/default/bench";
    for (when, load) in [
        ("at saturation", Load::saturating(path, bench.seconds)),
        ("at 5,000/s", Load::steady(path, bench.seconds, STEADY)),
    ] {
        let contestants: Vec<_> = servers.iter().map(|(_, server)| (server, load.clone())).collect();
        let figures = contest(bench, &mut sink, &contestants)?;
        for ((name, _), figures) in servers.iter().zip(&figures) {
            note(bench, &format!("{name}, {when}"), figures);
        }
        if let [_, durable, sluice] = figures.as_slice() {
            let ratio =
                median(sluice, Figures::cpu_per_delivered) / median(durable, Figures::cpu_per_delivered);
            bench.note("cost", &format!("sluice / durable floor, {when}"), ratio, "x", Wanted::AtMost(1.3));
        }
    }
    Ok(())
}

fn note(bench: &mut Bench, what: &str, figures: &[Figures]) {
    bench.note("cost", what, median(figures, Figures::cpu_per_delivered), "us CPU/event", Wanted::Nothing);
    bench.note("cost", &format!("{what}: rate"), median(figures, Figures::rate), "events/s", Wanted::Nothing);
    let others = median(figures, |f| (f.load_cpu + f.sink_cpu) * 1e6 / f.delivered.max(1) as f64);
    bench.note("cost", &format!("{what}: load and sink"), others, "us CPU/event", Wanted::Nothing);
}
