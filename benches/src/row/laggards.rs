//! What a thousand triggers that do not move cost the one that does.

use super::contest;
use crate::bench::{Bench, Wanted, median};
use crate::measure::{Figures, Load, Sink};
use crate::mesh;

/// Half of them paused, half with a sink that refuses connections.
const LAGGARDS: usize = 1_000;
const NOBODY: &str = "http://127.0.0.1:1/";
const RATE: u64 = 2_000;

pub(super) fn run(bench: &mut Bench) -> Result<(), crate::Error> {
    let mut sink = Sink::start()?;
    let healthy = mesh::broker("bench") + &mesh::trigger("healthy", "bench", mesh::TYPE, &sink.uri());
    let laggards: String = (0..LAGGARDS)
        .map(|n| mesh::trigger(&format!("t{n}"), "bench", mesh::TYPE, NOBODY))
        .enumerate()
        .map(|(n, trigger)| if n % 2 == 0 { mesh::paused(&trigger) } else { trigger })
        .collect();
    let (alone, beside) = (bench.start(&healthy)?, bench.start(&(healthy + &laggards))?);
    let load = Load::steady("/default/bench", bench.seconds, RATE);
    let figures = contest(bench, &mut sink, &[(&alone, load.clone()), (&beside, load)])?;
    let cost = |of: &[Figures]| median(of, Figures::cpu_per_delivered);
    let p99 = |of: &[Figures]| median(of, |f| f.p99 as f64 / 1000.0);
    for (what, figures) in [("alone", &figures[0]), ("beside 1,000 laggards", &figures[1])] {
        bench.note("laggards", what, cost(figures), "us CPU/event", Wanted::Nothing);
        bench.note("laggards", &format!("{what}: p99"), p99(figures), "ms", Wanted::Nothing);
    }
    bench.note("laggards", "CPU ratio", cost(&figures[1]) / cost(&figures[0]), "x", Wanted::AtMost(1.2));
    bench.note("laggards", "p99 ratio", p99(&figures[1]) / p99(&figures[0]), "x", Wanted::AtMost(1.2));
    Ok(())
}
