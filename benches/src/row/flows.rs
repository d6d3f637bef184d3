//! What three steps of a Sequence cost beside one delivery of a Trigger. The first two steps answer with an event of
//! the size that they got; every step is durable before the next one begins.

use crate::bench::{Bench, Wanted, median};
use crate::measure::{Figures, Load, Sink};
use crate::mesh;

const STEPS: u64 = 3;

pub(super) fn run(bench: &mut Bench) -> Result<(), crate::Error> {
    let mut sink = Sink::start()?;
    let trigger = mesh::broker("bench") + &mesh::trigger("all", "bench", mesh::TYPE, &sink.uri());
    let answering = format!("{}echo", sink.uri());
    let sequence = mesh::sequence("bench", &[&answering, &answering, &sink.uri()]);
    let servers = [bench.start(&trigger)?, bench.start(&sequence)?];
    let loads =
        ["/default/bench", "/sequences/default/bench"].map(|path| Load::saturating(path, bench.seconds));
    let copies = [1, STEPS];
    let figures = bench.in_turn(2, |index| {
        let figures = sink.measure(&servers[index], &loads[index], copies[index])?;
        let figures = Figures { delivered: figures.delivered / copies[index], ..figures };
        super::complain(&figures);
        Ok(figures)
    })?;
    let cost = |of: &[Figures]| median(of, Figures::cpu_per_delivered);
    bench.note("flows", "one delivery", cost(&figures[0]), "us CPU/event", Wanted::Nothing);
    bench.note("flows", "a Sequence of 3 steps", cost(&figures[1]), "us CPU/event", Wanted::Nothing);
    bench.note("flows", "its rate", median(&figures[1], Figures::rate), "events/s", Wanted::Nothing);
    bench.note("flows", "ratio", cost(&figures[1]) / cost(&figures[0]), "x", Wanted::AtMost(3.3));
    Ok(())
}
