//! CloudEvents SQL 1.0: expressions over the attributes of an event.
//!
//! ```text
//!   text ──lexer──▶ tokens ──parser──▶ parts ──evaluate──▶ value, and an error or none
//!                                        │
//!                                        └──implied──▶ comparisons that the index looks up
//! ```
//!
//! An expression is parsed once; evaluating it allocates nothing unless it makes new text. Its length and
//! its depth are bounded, so every walk over it is, and so is the work of one evaluation (`scope.rs`).
//! `docs/filters.md` says where the specification leaves a choice.

mod advice;
mod cursor;
mod evaluate;
mod explain;
mod fault;
mod function;
mod implied;
mod lexer;
mod parser;
mod pattern;
mod place;
mod scope;
mod syntax;
mod value;

pub use advice::Advice;
pub use fault::{ErrorKind, Fault, SyntaxError};
pub use place::Place;
pub use value::Value;

use crate::Filter;
use event::Event;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

/// An expression that can be evaluated. Cheap to clone; serialised it is its text.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Expression(Arc<Compiled>);

struct Compiled {
    text: Box<str>,
    root: syntax::Part,
    advice: Box<[Advice]>,
}

impl Expression {
    /// The expression as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// What it says about an event: always a value, and the error that occurred on the way to it.
    #[must_use]
    pub fn evaluate<'e>(&'e self, event: &'e Event) -> (Value<'e>, Option<Fault>) {
        evaluate::evaluate(&self.0.root, event)
    }

    /// As a filter: an event passes when the value is `true` without an error (section 1.2). `Err`: there is
    /// an error, or a value that is no Boolean; the event does not pass.
    pub(crate) fn passes(&self, event: &Event) -> Result<bool, ()> {
        match self.evaluate(event) {
            (Value::Boolean(passes), None) => Ok(passes),
            _ => Err(()),
        }
    }

    /// What is legal in it, and hardly meant.
    #[must_use]
    pub fn advice(&self) -> &[Advice] {
        &self.0.advice
    }

    /// What to say when the expression is to be a filter, and its value is never a Boolean.
    #[must_use]
    pub fn never_passes(&self) -> Option<Advice> {
        advice::Note::no_boolean(&self.0.root).map(|note| note.advice(self.text()))
    }

    /// An error of [`Expression::evaluate`] in words: place, part, what happened.
    #[must_use]
    pub fn describe(&self, fault: &Fault) -> String {
        fault.describe(self.text())
    }

    /// Where in the text an error of [`Expression::evaluate`] occurred.
    #[must_use]
    pub fn place(&self, fault: &Fault) -> Place {
        fault.place(self.text())
    }

    /// A filter that passes every event for which this is `true`, and others; `None`: none is known.
    pub(crate) fn implied(&self) -> Option<Filter> {
        implied::implied(&self.0.root)
    }

    /// Which part decides about an event, and whether that lets it pass.
    pub(crate) fn explain(&self, event: &Event) -> (bool, String) {
        explain::explain(&self.0.root, self.text(), event)
    }
}

impl FromStr for Expression {
    type Err = SyntaxError;

    /// # Errors
    /// Text that is no expression, or is longer (16 KiB) or deeper (64 levels) than is taken.
    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        let (root, notes) = parser::parse(text)?;
        let advice = notes.into_iter().map(|note| note.advice(text)).collect();
        Ok(Self(Arc::new(Compiled { text: text.into(), root, advice })))
    }
}

impl TryFrom<String> for Expression {
    type Error = SyntaxError;

    fn try_from(text: String) -> Result<Self, SyntaxError> {
        text.parse()
    }
}

impl From<Expression> for String {
    fn from(expression: Expression) -> Self {
        expression.text().to_owned()
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Expression {}

impl Hash for Expression {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text().hash(state);
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().fmt(f)
    }
}
