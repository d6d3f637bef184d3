//! What is legal, and hardly meant.

use super::place::{Place, Span};
use super::syntax::Part;
use super::value::Type;

/// What to say about an expression that is legal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// Where it applies.
    pub place: Place,
    /// What is doubtful, and what to write.
    pub message: String,
    /// Wherever this part is evaluated the expression errs: it cannot be used as a filter.
    pub fatal: bool,
}

/// An [`Advice`] while the expression is parsed.
#[derive(Debug)]
pub(super) struct Note {
    at: Span,
    message: String,
    fatal: bool,
}

impl Note {
    pub(super) fn mixed(at: Span) -> Self {
        let message = "AND, OR and XOR bind equally tightly, and to the right: `a OR b AND c` is \
                       `a OR (b AND c)`, but `a AND b OR c` is `a AND (b OR c)`; write brackets";
        Self { at, message: message.to_owned(), fatal: false }
    }

    pub(super) fn not_binds_tightly(at: Span) -> Self {
        let message =
            "NOT binds tighter than the operator behind its operand: write `NOT (...)` to negate the whole";
        Self { at, message: message.to_owned(), fatal: false }
    }

    pub(super) fn unknown_function(at: Span, message: String) -> Self {
        Self { at, message, fatal: true }
    }

    /// On an expression that can only give something else than `true` or `false`.
    pub(super) fn no_boolean(whole: &Part) -> Option<Self> {
        let ty = whole.node.ty().filter(|ty| *ty != Type::Boolean)?;
        let message = format!("gives a value of type {ty}: a filter that is not `true` matches nothing");
        Some(Self { at: whole.span, message, fatal: false })
    }

    pub(super) fn advice(self, text: &str) -> Advice {
        Advice { place: Place::of(text, self.at.start as usize), message: self.message, fatal: self.fatal }
    }
}
