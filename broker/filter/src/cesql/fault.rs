//! What can go wrong: an expression that is none, and one that errs about an event.

use super::place::{Place, Span, excerpt};
use super::value::{Type, Value};
use std::fmt;

/// The kinds of errors that the specification knows (section 3.3), in the words of its test suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// It is no expression.
    Parse,
    /// Arithmetic without a result in 32 bits.
    Math,
    /// A value that has no counterpart in the type that is needed.
    Cast,
    /// The event does not have the attribute.
    MissingAttribute,
    /// There is no such function with so many arguments.
    MissingFunction,
    /// A function got arguments that it has no answer for.
    FunctionEvaluation,
}

impl ErrorKind {
    /// The word of the specification's test suite.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Math => "math",
            Self::Cast => "cast",
            Self::MissingAttribute => "missingAttribute",
            Self::MissingFunction => "missingFunction",
            Self::FunctionEvaluation => "functionEvaluation",
        }
    }
}

/// Why a text is no expression, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct SyntaxError {
    /// Where it goes wrong.
    pub place: Place,
    /// What is expected there, and what was found.
    pub message: String,
}

impl SyntaxError {
    pub(super) fn new(text: &str, at: usize, message: impl Into<String>) -> Self {
        Self { place: Place::of(text, at), message: message.into() }
    }
}

/// Why an expression erred about one event. Small, because events without an attribute are everyday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub(super) reason: Reason,
    pub(super) span: Span,
}

/// What happened in the part of the expression that a [`Fault`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Absent,
    NoSuchFunction,
    NoCast(Type),
    /// `NOT` of an Integer, which the test suite excludes from casting.
    NotOfInteger,
    DivisionByZero,
    Overflow,
    NegativeLength,
    OutsideOfText,
    TooLong,
    TooMuch,
}

impl Fault {
    /// The kind of the error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self.reason {
            Reason::Absent => ErrorKind::MissingAttribute,
            Reason::NoSuchFunction => ErrorKind::MissingFunction,
            Reason::NoCast(_) | Reason::NotOfInteger => ErrorKind::Cast,
            Reason::DivisionByZero | Reason::Overflow => ErrorKind::Math,
            Reason::NegativeLength | Reason::OutsideOfText | Reason::TooLong | Reason::TooMuch => {
                ErrorKind::FunctionEvaluation
            }
        }
    }

    pub(super) fn place(&self, text: &str) -> Place {
        Place::of(text, self.span.start as usize)
    }

    /// What happened, for people; `text` is the expression.
    pub(super) fn describe(&self, text: &str) -> String {
        let part = excerpt(self.span.of(text));
        format!("{}: `{part}` {}", self.place(text), self.reason)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "is not set in the event",
            Self::NoSuchFunction => "calls a function that does not exist with so many arguments",
            Self::NoCast(to) => return write!(f, "cannot be cast to {to}"),
            Self::NotOfInteger => "is an Integer, `NOT` takes a Boolean",
            Self::DivisionByZero => "divides by zero",
            Self::Overflow => "leaves the range of 32 bits",
            Self::NegativeLength => "asks for less than no characters",
            Self::OutsideOfText => "begins outside of the text",
            Self::TooLong => "makes a text of more than 1 MiB",
            Self::TooMuch => {
                "is too much work for attributes as long as this event's: one evaluation takes 8 million steps at most"
            }
        })
    }
}

/// A fault on its way up, and what the part that raised it gives all the same.
pub(super) struct Raised<'e> {
    pub(super) fault: Fault,
    /// `None`: the zero of its type.
    pub(super) value: Option<Value<'e>>,
}

impl<'e> Raised<'e> {
    pub(super) fn new(reason: Reason, span: Span) -> Self {
        Self { fault: Fault { reason, span }, value: None }
    }

    pub(super) fn giving(self, value: Value<'e>) -> Self {
        Self { value: Some(value), ..self }
    }

    /// Whoever uses the part does not use its value.
    pub(super) fn passed_on(self) -> Self {
        Self { value: None, ..self }
    }
}
