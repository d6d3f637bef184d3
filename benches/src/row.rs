//! The rows of the table: one file each, what it starts, what it sends, what was wanted.

mod backlog;
mod batch;
mod brokers;
mod cost;
mod flows;
mod laggards;
mod latency;
mod start;
mod tls;
mod triggers;

use crate::bench::Bench;
use crate::measure::{Figures, Load, Sink};
use crate::server::Server;

/// A row by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Row {
    /// CPU per delivered event, at saturation and at 5,000 a second, beside the floors
    Cost,
    /// One matching trigger alone and among 10,000
    Triggers,
    /// A healthy trigger alone and beside 1,000 that are paused or have no sink
    Laggards,
    /// 1,000 brokers: idle, and under load beside one broker
    Brokers,
    /// From due to delivered at half of the greatest rate, beside the durable floor
    Latency,
    /// A Sequence of three steps beside one delivery
    Flows,
    /// Batches of 100 beside single events, up to the 202
    Batch,
    /// HTTPS on connections that are kept, beside HTTP
    Tls,
    /// 100 objects: time until ready, memory
    Start,
    /// Two million events while the sink is down
    Backlog,
}

impl Row {
    /// Every row, in the order of the table.
    pub(crate) const ALL: [Self; 10] = [
        Self::Cost,
        Self::Triggers,
        Self::Laggards,
        Self::Brokers,
        Self::Latency,
        Self::Flows,
        Self::Batch,
        Self::Tls,
        Self::Start,
        Self::Backlog,
    ];

    pub(crate) fn run(self, bench: &mut Bench) -> Result<(), crate::Error> {
        match self {
            Self::Cost => cost::run(bench),
            Self::Triggers => triggers::run(bench),
            Self::Laggards => laggards::run(bench),
            Self::Brokers => brokers::run(bench),
            Self::Latency => latency::run(bench),
            Self::Flows => flows::run(bench),
            Self::Batch => batch::run(bench),
            Self::Tls => tls::run(bench),
            Self::Start => start::run(bench),
            Self::Backlog => backlog::run(bench),
        }
    }
}

/// Puts each load on its server in turn, `rounds` times, after one short load that nobody counts.
fn contest(
    bench: &Bench,
    sink: &mut Sink,
    contestants: &[(&Server, Load)],
) -> Result<Vec<Vec<Figures>>, crate::Error> {
    for (server, load) in contestants {
        sink.measure(server, &Load { until: crate::measure::Until::Seconds(0.5), ..load.clone() }, 1)?;
    }
    bench.in_turn(contestants.len(), |index| {
        let (server, load) = &contestants[index];
        let figures = sink.measure(server, load, 1)?;
        complain(&figures);
        Ok(figures)
    })
}

/// Says what must not be overlooked: what was refused, lost or delivered twice.
fn complain(figures: &Figures) {
    let Figures { accepted, delivered, refused, .. } = *figures;
    if refused > 0 {
        eprintln!("  ! {refused} events were refused");
    }
    if delivered < accepted {
        eprintln!("  ! {} of {accepted} accepted events did not arrive", accepted - delivered);
    }
    if delivered > accepted {
        eprintln!("  ! {} of {accepted} events arrived twice", delivered - accepted);
    }
}
