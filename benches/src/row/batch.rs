//! What a batch saves on the way in. The trigger matches nothing, so that only the way to the 202 is counted.

use crate::bench::{Bench, Wanted, median};
use crate::measure::{Figures, Load, Sink};
use crate::mesh;

const BATCH: u64 = 100;

pub(super) fn run(bench: &mut Bench) -> Result<(), crate::Error> {
    let mut sink = Sink::start()?;
    let mesh = mesh::broker("bench") + &mesh::trigger("other", "bench", "com.example.other", &sink.uri());
    let server = bench.start(&mesh)?;
    let single = Load::saturating("/default/bench", bench.seconds);
    let batches = Load { batch: BATCH, ..single.clone() };
    let loads = [single, batches];
    let figures = bench.in_turn(loads.len(), |index| sink.measure(&server, &loads[index], 0))?;
    let speed = |of: &[Figures]| median(of, Figures::accepted_per_cpu_second);
    bench.note("batch", "single events", speed(&figures[0]), "events/CPU s", Wanted::Nothing);
    bench.note("batch", "batches of 100", speed(&figures[1]), "events/CPU s", Wanted::Nothing);
    bench.note("batch", "ratio", speed(&figures[1]) / speed(&figures[0]), "x", Wanted::AtLeast(5.0));
    Ok(())
}
