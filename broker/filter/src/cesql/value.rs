//! Values, their types, and casts between them (CESQL 1.0, sections 3.1 and 3.7).

use std::borrow::Cow;
use std::fmt;

/// What an expression can give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'e> {
    /// `true` or `false`.
    Boolean(bool),
    /// 32 bits, signed.
    Integer(i32),
    /// Unicode text; borrowed from the event or the expression wherever nothing had to be made.
    String(Cow<'e, str>),
}

/// The type of a [`Value`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Boolean,
    Integer,
    String,
}

impl<'e> Value<'e> {
    pub(super) fn text(text: &'e str) -> Self {
        Self::String(Cow::Borrowed(text))
    }

    pub(super) fn ty(&self) -> Type {
        match self {
            Self::Boolean(_) => Type::Boolean,
            Self::Integer(_) => Type::Integer,
            Self::String(_) => Type::String,
        }
    }

    /// The same value without a copy of its text.
    pub(super) fn lent(&self) -> Value<'_> {
        match self {
            Self::Boolean(value) => Value::Boolean(*value),
            Self::Integer(value) => Value::Integer(*value),
            Self::String(text) => Value::text(text),
        }
    }

    /// `None`: this value has no counterpart in the type.
    pub(super) fn cast(self, to: Type) -> Option<Self> {
        match to {
            Type::Boolean => self.boolean().map(Self::Boolean),
            Type::Integer => self.integer().map(Self::Integer),
            Type::String => Some(Self::String(self.string())),
        }
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(value) => Some(*value),
            Self::Integer(value) => Some(*value != 0),
            Self::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Self::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            Self::String(_) => None,
        }
    }

    pub(super) fn integer(&self) -> Option<i32> {
        match self {
            Self::Boolean(value) => Some(i32::from(*value)),
            Self::Integer(value) => Some(*value),
            Self::String(text) => text.parse().ok(),
        }
    }

    pub(super) fn string(self) -> Cow<'e, str> {
        match self {
            Self::Boolean(true) => Cow::Borrowed("true"),
            Self::Boolean(false) => Cow::Borrowed("false"),
            Self::Integer(value) => Cow::Owned(value.to_string()),
            Self::String(text) => text,
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::String(text) => text.fmt(f),
        }
    }
}

impl Type {
    /// What stands in for a value of the type when there is an error.
    pub(super) fn zero(self) -> Value<'static> {
        match self {
            Self::Boolean => Value::Boolean(false),
            Self::Integer => Value::Integer(0),
            Self::String => Value::String(Cow::Borrowed("")),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Boolean => "Boolean",
            Self::Integer => "Integer",
            Self::String => "String",
        })
    }
}
