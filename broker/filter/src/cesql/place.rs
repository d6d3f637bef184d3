//! Where in an expression something is.

use std::fmt;

/// Characters of an expression that are shown on each side of a place.
const SHOWN: usize = 50;

/// Bytes of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Span {
    /// An expression is shorter than 4 GiB by far.
    pub(super) fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    pub(super) fn to(self, end: Self) -> Self {
        Self { start: self.start, end: end.end }
    }

    pub(super) fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// Line and column in an expression, both from 1, counted in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Place {
    pub(super) fn of(text: &str, at: usize) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = 1 + before.matches('\n').count();
        Self { line, column: 1 + before[start..].chars().count() }
    }

    /// The line of the expression, and a caret below the place; two lines of text.
    #[must_use]
    pub fn point_out(self, text: &str) -> String {
        let line = text.lines().nth(self.line - 1).unwrap_or_default();
        let first = (self.column - 1).saturating_sub(SHOWN);
        let visible = |c: char| if c.is_control() { ' ' } else { c };
        let shown: String = line.chars().skip(first).take(2 * SHOWN).map(visible).collect();
        format!("{shown}\n{:>1$}", '^', self.column - first)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            1 => write!(f, "column {}", self.column),
            line => write!(f, "line {line}, column {}", self.column),
        }
    }
}

/// Text of an expression or an event for people: one line, cut.
pub(super) fn excerpt(text: &str) -> String {
    let visible = |c: char| if c.is_control() { ' ' } else { c };
    let mut shown: String = text.chars().take(SHOWN).map(visible).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
