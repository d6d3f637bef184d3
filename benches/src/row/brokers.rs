//! A thousand brokers with a trigger each: what they cost idle, and what is left of one broker's rate.

use super::contest;
use crate::bench::{Bench, MEBIBYTE, Wanted, median};
use crate::measure::{Figures, Load, Sink};
use crate::{mesh, proc};
use std::thread;
use std::time::Duration;

const BROKERS: u64 = 1_000;
/// After it an idle server has written and freed what it wanted to.
const SETTLED: Duration = Duration::from_secs(3);

pub(super) fn run(bench: &mut Bench) -> Result<(), crate::Error> {
    let mut sink = Sink::start()?;
    let mesh = |n: u64| {
        let name = format!("b{n:04}");
        mesh::broker(&name) + &mesh::trigger(&format!("t{n}"), &name, mesh::TYPE, &sink.uri())
    };
    let one = bench.start(&mesh(0))?;
    let many = bench.start(&(0..BROKERS).map(mesh).collect::<String>())?;
    bench.note("brokers", "1,000: ready after", many.ready_after.as_secs_f64(), "s", Wanted::AtMost(2.0));
    thread::sleep(SETTLED);
    let memory = proc::resident(many.pid)? as f64 / MEBIBYTE;
    bench.note("brokers", "1,000, idle: memory", memory, "MiB", Wanted::AtMost(150.0));
    let disk = proc::occupied(&many.data()) as f64 / MEBIBYTE;
    bench.note("brokers", "1,000, idle: disk", disk, "MiB", Wanted::AtMost(100.0));

    let load = Load::saturating("/default/b{}", bench.seconds);
    let spread = Load { paths: BROKERS, ..load.clone() };
    let figures = contest(bench, &mut sink, &[(&one, load), (&many, spread)])?;
    let rate = |of: &[Figures]| median(of, Figures::rate);
    bench.note("brokers", "1: rate", rate(&figures[0]), "events/s", Wanted::Nothing);
    bench.note("brokers", "1,000: rate", rate(&figures[1]), "events/s", Wanted::Nothing);
    bench.note("brokers", "ratio", rate(&figures[1]) / rate(&figures[0]), "x", Wanted::AtLeast(0.8));
    Ok(())
}
