//! Tables as `kubectl` prints them: no borders, three spaces between columns.

use crate::output::Output;
use comfy_table::{Cell, Color, ContentArrangement, Table, presets};
use std::io;

/// Rows under a header.
pub(crate) struct Columns {
    table: Table,
}

impl Columns {
    pub(crate) fn new(out: &Output, header: &[&str]) -> Self {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(header);
        if out.colour() {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 3));
        }
        Self { table }
    }

    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        self.table.add_row(cells);
    }

    pub(crate) fn print(&self, out: &mut Output) -> io::Result<()> {
        out.line(self.table.trim_fmt())
    }
}

/// A cell that is green, red or yellow by its meaning.
pub(crate) fn judged(text: &str) -> Cell {
    let colour = match text {
        "True" | "true" | "yes" => Color::Green,
        "False" | "false" | "no" => Color::Red,
        _ => Color::Yellow,
    };
    Cell::new(text).fg(colour)
}
