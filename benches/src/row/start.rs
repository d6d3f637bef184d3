//! How soon a hundred objects are ready, and what they hold idle.

use crate::bench::{Bench, MEBIBYTE, Wanted, middle};
use crate::{mesh, proc};
use std::thread;
use std::time::Duration;

/// Half Brokers, half Triggers.
const OBJECTS: usize = 100;
const SETTLED: Duration = Duration::from_secs(1);

pub(super) fn run(bench: &mut Bench) -> Result<(), crate::Error> {
    let mesh: String = (0..OBJECTS / 2)
        .map(|n| {
            let name = format!("b{n}");
            mesh::broker(&name) + &mesh::trigger(&format!("t{n}"), &name, mesh::TYPE, "http://127.0.0.1:1/")
        })
        .collect();
    let (mut ready, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        let server = bench.start(&mesh)?;
        ready.push(server.ready_after.as_secs_f64() * 1000.0);
        thread::sleep(SETTLED);
        memory.push(proc::resident(server.pid)? as f64 / MEBIBYTE);
    }
    bench.note("start", "100 objects: ready after", middle(ready), "ms", Wanted::AtMost(100.0));
    bench.note("start", "100 objects, idle: memory", middle(memory), "MiB", Wanted::AtMost(30.0));
    Ok(())
}
