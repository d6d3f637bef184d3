//! What 9,999 triggers with an expression cost that do not match: the type leads to the one that does.

use super::contest;
use crate::bench::{Bench, Wanted, median};
use crate::measure::{Figures, Load, Sink};
use crate::mesh;

const OTHERS: usize = 9_999;

pub(super) fn run(bench: &mut Bench) -> Result<(), crate::Error> {
    let mut sink = Sink::start()?;
    let trigger = |name: &str, ty: &str| {
        let expression = format!("type = '{ty}' AND source LIKE '/%'");
        mesh::filtered(name, "bench", &format!("cesql: \"{expression}\""), &sink.uri())
    };
    let broker = mesh::broker("bench");
    let exact = broker.clone() + &mesh::trigger("all", "bench", mesh::TYPE, &sink.uri());
    let one = broker + &trigger("all", mesh::TYPE);
    let others: String =
        (0..OTHERS).map(|n| trigger(&format!("t{n}"), &format!("com.example.other.{n}"))).collect();
    let (plain, alone) = (bench.start(&exact)?, bench.start(&one)?);
    let among = bench.start(&(one + &others))?;
    let load = Load::saturating("/default/bench", bench.seconds);
    let figures =
        contest(bench, &mut sink, &[(&plain, load.clone()), (&alone, load.clone()), (&among, load)])?;
    let cost = |of: &[Figures]| median(of, Figures::cpu_per_delivered);
    bench.note("cesql", "1 trigger, exact type", cost(&figures[0]), "us CPU/event", Wanted::Nothing);
    bench.note("cesql", "1 trigger, expression", cost(&figures[1]), "us CPU/event", Wanted::Nothing);
    bench.note("cesql", "10,000 expressions, 1 matches", cost(&figures[2]), "us CPU/event", Wanted::Nothing);
    bench.note("cesql", "ratio", cost(&figures[2]) / cost(&figures[1]), "x", Wanted::AtMost(1.2));
    Ok(())
}
