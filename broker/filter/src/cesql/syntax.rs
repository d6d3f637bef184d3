//! An expression, parsed.

use super::function::Function;
use super::pattern::Pattern;
use super::place::Span;
use super::value::{Type, Value};
use event::{Event, Kind};

/// A part of an expression, and where it stands.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) node: Node,
    pub(super) span: Span,
    /// Levels below and with this one: bounded by the parser, so that no walk exhausts the stack.
    pub(super) height: usize,
}

#[derive(Debug)]
pub(super) enum Node {
    Literal(Value<'static>),
    Attribute(Attribute),
    Exists(Attribute),
    Not(Box<Part>),
    Negate(Box<Part>),
    Like(Box<Part>, Pattern),
    In(Box<Part>, Box<[Part]>),
    Compare(Comparison, Box<[Part; 2]>),
    Calculate(Arithmetic, Box<[Part; 2]>),
    /// `a AND b OR c`: one precedence, binding to the right. Flat, so that a long list is not deep.
    Logic(Box<Part>, Box<[(Logic, Part)]>),
    Call(Function, Box<[Part]>),
    /// A call of a function that does not exist.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Times,
    Over,
    Modulo,
    Plus,
    Minus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Logic {
    And,
    Or,
    Xor,
}

impl Part {
    pub(super) fn new(node: Node, span: Span) -> Self {
        let height = 1 + node.children().map(|part| part.height).max().unwrap_or(0);
        Self { node, span, height }
    }
}

impl Node {
    /// The parts that it is made of, in order.
    pub(super) fn children(&self) -> impl Iterator<Item = &Part> {
        let (first, more, chain): (Option<&Part>, &[Part], &[(Logic, Part)]) = match self {
            Self::Literal(_) | Self::Attribute(_) | Self::Exists(_) | Self::Unknown => (None, &[], &[]),
            Self::Not(part) | Self::Negate(part) | Self::Like(part, _) => (Some(part), &[], &[]),
            Self::In(part, set) => (Some(part), set, &[]),
            Self::Compare(_, sides) | Self::Calculate(_, sides) => (None, sides.as_slice(), &[]),
            Self::Logic(first, rest) => (Some(first), &[], rest),
            Self::Call(_, arguments) => (None, arguments, &[]),
        };
        first.into_iter().chain(more).chain(chain.iter().map(|(_, part)| part))
    }

    /// The type of what it gives; `None`: that depends on the event.
    pub(super) fn ty(&self) -> Option<Type> {
        match self {
            Self::Literal(value) => Some(value.ty()),
            Self::Attribute(_) => None,
            Self::Negate(_) | Self::Calculate(..) => Some(Type::Integer),
            Self::Call(function, _) => Some(function.returns()),
            Self::Exists(_)
            | Self::Not(_)
            | Self::Like(..)
            | Self::In(..)
            | Self::Compare(..)
            | Self::Logic(..)
            | Self::Unknown => Some(Type::Boolean),
        }
    }
}

/// An attribute by its name; the required ones have their place in every event.
#[derive(Debug)]
pub(super) enum Attribute {
    Specversion,
    Id,
    Source,
    Type,
    Named(Box<str>),
}

impl Attribute {
    /// Names are lower case in events, and can be written in any case.
    pub(super) fn new(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "specversion" => Self::Specversion,
            "id" => Self::Id,
            "source" => Self::Source,
            "type" => Self::Type,
            name => Self::Named(name.into()),
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Specversion => "specversion",
            Self::Id => "id",
            Self::Source => "source",
            Self::Type => "type",
            Self::Named(name) => name,
        }
    }

    pub(super) fn is_in(&self, event: &Event) -> bool {
        match self {
            Self::Specversion | Self::Id | Self::Source | Self::Type => true,
            Self::Named(name) => event.get(name).is_some(),
        }
    }

    pub(super) fn read<'e>(&self, event: &'e Event) -> Option<Value<'e>> {
        let text = match self {
            Self::Specversion => event.specversion(),
            Self::Id => event.id(),
            Self::Source => event.source(),
            Self::Type => event.ty(),
            Self::Named(name) => return named(name, event),
        };
        Some(Value::text(text))
    }
}

fn named<'e>(name: &str, event: &'e Event) -> Option<Value<'e>> {
    let found = event.attributes().find(|attribute| attribute.name == name)?;
    let text = Value::text(found.value);
    Some(match found.kind {
        Kind::String => text,
        Kind::Integer => text.integer().map_or(text, Value::Integer),
        Kind::Boolean => text.boolean().map_or(text, Value::Boolean),
    })
}
