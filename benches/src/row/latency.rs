//! How long an event is on its way at half of the greatest rate, beside the durable floor.

use super::contest;
use crate::bench::{Bench, Wanted, median};
use crate::measure::{Figures, Load, Sink};
use crate::mesh;
use crate::server::Server;

pub(super) fn run(bench: &mut Bench) -> Result<(), crate::Error> {
    let mut sink = Sink::start()?;
    let mesh = mesh::broker("bench") + &mesh::trigger("all", "bench", mesh::TYPE, &sink.uri());
    let (floor, sluice) = (Server::durable(sink.address, &bench.folder)?, bench.start(&mesh)?);
    let path = "/default/bench";
    let greatest = contest(bench, &mut sink, &[(&sluice, Load::saturating(path, bench.seconds))])?;
    let half = median(&greatest[0], Figures::rate) / 2.0;
    bench.note("latency", "half of the greatest rate", half, "events/s", Wanted::Nothing);

    let load = Load::steady(path, bench.seconds, half as u64);
    let figures = contest(bench, &mut sink, &[(&floor, load.clone()), (&sluice, load)])?;
    let p50 = |of: &[Figures]| median(of, |f| f.p50 as f64 / 1000.0);
    let p99 = |of: &[Figures]| median(of, |f| f.p99 as f64 / 1000.0);
    bench.note("latency", "durable floor: p50", p50(&figures[0]), "ms", Wanted::Nothing);
    bench.note("latency", "sluice: p50", p50(&figures[1]), "ms", Wanted::AtMost(2.0));
    bench.note("latency", "durable floor: p99", p99(&figures[0]), "ms", Wanted::Nothing);
    bench.note("latency", "sluice: p99", p99(&figures[1]), "ms", Wanted::Nothing);
    bench.note("latency", "p99 ratio", p99(&figures[1]) / p99(&figures[0]), "x", Wanted::AtMost(1.5));
    Ok(())
}
