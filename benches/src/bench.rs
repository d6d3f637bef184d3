//! What every row needs: the program, a folder, how long to measure, and where figures go.

use crate::measure::Figures;
use crate::server::Server;
use comfy_table::{ContentArrangement, Table, presets::ASCII_MARKDOWN};
use std::path::PathBuf;

/// Bytes of a MiB.
pub(crate) const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// The settings of a run and the figures so far.
pub(crate) struct Bench {
    /// The real program; `None` measures the floors alone.
    pub(crate) sluice: Option<PathBuf>,
    /// Data folders are made in here.
    pub(crate) folder: PathBuf,
    pub(crate) rounds: usize,
    pub(crate) seconds: f64,
    /// Events of the row `backlog`.
    pub(crate) backlog: u64,
    pub(crate) table: Table,
}

/// What a figure should be.
#[derive(Clone, Copy)]
pub(crate) enum Wanted {
    AtMost(f64),
    AtLeast(f64),
    Nothing,
}

impl Bench {
    pub(crate) fn table() -> Table {
        let mut table = Table::new();
        table
            .load_preset(ASCII_MARKDOWN)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header(["row", "what", "figure", "wanted", ""]);
        table
    }

    /// Starts the real program.
    pub(crate) fn start(&self, manifests: &str) -> Result<Server, crate::Error> {
        self.start_with(manifests, &[])
    }

    /// Starts the real program with further flags.
    pub(crate) fn start_with(&self, manifests: &str, flags: &[&str]) -> Result<Server, crate::Error> {
        let binary = self.sluice.as_deref().ok_or("this row needs sluice")?;
        Server::sluice(binary, &self.folder, manifests, flags)
    }

    /// Adds a line to the table and says it at once.
    pub(crate) fn note(&mut self, row: &str, what: &str, value: f64, unit: &str, wanted: Wanted) {
        let figure = format!("{value:.*} {unit}", if value < 100.0 { 2 } else { 0 });
        let (bound, verdict) = match wanted {
            Wanted::AtMost(bound) => {
                (format!("<= {bound} {unit}"), if value <= bound { "met" } else { "missed" })
            }
            Wanted::AtLeast(bound) => {
                (format!(">= {bound} {unit}"), if value >= bound { "met" } else { "missed" })
            }
            Wanted::Nothing => (String::new(), ""),
        };
        eprintln!("{row}: {what}: {figure} {verdict}");
        self.table.add_row([row, what, &figure, &bound, verdict]);
    }

    /// Measures each contestant once a round, in turn, so that a slow minute of the machine hits all of them.
    /// The answer is one list of figures for each contestant.
    pub(crate) fn in_turn(
        &self,
        contestants: usize,
        mut measure: impl FnMut(usize) -> Result<Figures, crate::Error>,
    ) -> Result<Vec<Vec<Figures>>, crate::Error> {
        let mut all = vec![Vec::new(); contestants];
        for _ in 0..self.rounds {
            for (index, figures) in all.iter_mut().enumerate() {
                figures.push(measure(index)?);
            }
        }
        Ok(all)
    }
}

/// The median of what `of` reads from each.
pub(crate) fn median(figures: &[Figures], of: impl Fn(&Figures) -> f64) -> f64 {
    middle(figures.iter().map(of).collect())
}

/// The median.
pub(crate) fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() % 2 {
        _ if values.is_empty() => f64::NAN,
        0 => f64::midpoint(values[half - 1], values[half]),
        _ => values[half],
    }
}
