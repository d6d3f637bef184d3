//! What 9,999 triggers cost that do not match.

use super::contest;
use crate::bench::{Bench, Wanted, median};
use crate::measure::{Figures, Load, Sink};
use crate::mesh;

const OTHERS: usize = 9_999;

pub(super) fn run(bench: &mut Bench) -> Result<(), crate::Error> {
    let mut sink = Sink::start()?;
    let one = mesh::broker("bench") + &mesh::trigger("all", "bench", mesh::TYPE, &sink.uri());
    let others: String = (0..OTHERS)
        .map(|n| mesh::trigger(&format!("t{n}"), "bench", &format!("com.example.other.{n}"), &sink.uri()))
        .collect();
    let (alone, among) = (bench.start(&one)?, bench.start(&(one + &others))?);
    let load = Load::saturating("/default/bench", bench.seconds);
    let figures = contest(bench, &mut sink, &[(&alone, load.clone()), (&among, load)])?;
    let cost = |of: &[Figures]| median(of, Figures::cpu_per_delivered);
    bench.note("triggers", "1 trigger", cost(&figures[0]), "us CPU/event", Wanted::Nothing);
    bench.note("triggers", "10,000 triggers, 1 matches", cost(&figures[1]), "us CPU/event", Wanted::Nothing);
    bench.note("triggers", "ratio", cost(&figures[1]) / cost(&figures[0]), "x", Wanted::AtMost(1.05));
    Ok(())
}
