//! The built-in functions (section 3.5).

use super::evaluate::{Evaluated, boolean, integer, text, too_much, value, walk, weigh};
use super::fault::{Raised, Reason};
use super::place::Span;
use super::scope::Scope;
use super::syntax::Part;
use super::value::{Type, Value};
use std::borrow::Cow;

/// Bytes of a text that an expression may put together.
const MAX_TEXT: usize = 1024 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Int,
    Bool,
    String,
    IsInt,
    IsBool,
    Abs,
    Length,
    Concat,
    ConcatWs,
    Lower,
    Upper,
    Trim,
    Left,
    Right,
    Substring,
}

/// Names, and the least and the greatest number of arguments.
const BUILT_IN: [(&str, Function, usize, usize); 15] = [
    ("INT", Function::Int, 1, 1),
    ("BOOL", Function::Bool, 1, 1),
    ("STRING", Function::String, 1, 1),
    ("IS_INT", Function::IsInt, 1, 1),
    ("IS_BOOL", Function::IsBool, 1, 1),
    ("ABS", Function::Abs, 1, 1),
    ("LENGTH", Function::Length, 1, 1),
    ("CONCAT", Function::Concat, 0, usize::MAX),
    ("CONCAT_WS", Function::ConcatWs, 1, usize::MAX),
    ("LOWER", Function::Lower, 1, 1),
    ("UPPER", Function::Upper, 1, 1),
    ("TRIM", Function::Trim, 1, 1),
    ("LEFT", Function::Left, 2, 2),
    ("RIGHT", Function::Right, 2, 2),
    ("SUBSTRING", Function::Substring, 2, 3),
];

impl Function {
    /// The function of that name, in any case, that takes so many arguments; `Err` says what there is instead.
    pub(super) fn find(name: &str, arguments: usize) -> Result<Self, String> {
        let known = BUILT_IN.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
        let name = name.to_ascii_uppercase();
        match known {
            Some((_, function, least, most)) if (*least..=*most).contains(&arguments) => Ok(*function),
            Some((_, _, least, usize::MAX)) => {
                Err(format!("`{name}` takes at least {least} arguments, not {arguments}"))
            }
            Some((_, _, least, most)) if least < most => {
                Err(format!("`{name}` takes {least} to {most} arguments, not {arguments}"))
            }
            Some((_, _, least, _)) => Err(format!("`{name}` takes {least} arguments, not {arguments}")),
            None => {
                let names = BUILT_IN.map(|(name, ..)| name).join(", ");
                Err(format!("there is no function `{name}`; there are {names}"))
            }
        }
    }

    pub(super) fn returns(self) -> Type {
        match self {
            Self::Int | Self::Abs | Self::Length => Type::Integer,
            Self::Bool | Self::IsInt | Self::IsBool => Type::Boolean,
            Self::String
            | Self::Concat
            | Self::ConcatWs
            | Self::Lower
            | Self::Upper
            | Self::Trim
            | Self::Left
            | Self::Right
            | Self::Substring => Type::String,
        }
    }

    /// Calls it; each argument is evaluated and cast before the next one.
    pub(super) fn call<'e>(self, arguments: &'e [Part], span: Span, scope: &Scope<'e>) -> Evaluated<'e> {
        let raised = |reason| Raised::new(reason, span);
        match (self, arguments) {
            (Self::Int, [x]) => integer(x, scope).map(Value::Integer),
            (Self::Bool, [x]) => boolean(x, scope).map(Value::Boolean),
            (Self::String, [x]) => text(x, scope).map(Value::String),
            (Self::IsInt, [x]) => {
                let value = value(x, scope)?;
                weigh(&value, Type::Integer, span, scope)?;
                Ok(Value::Boolean(value.integer().is_some()))
            }
            (Self::IsBool, [x]) => value(x, scope).map(|x| Value::Boolean(x.boolean().is_some())),
            (Self::Abs, [x]) => match integer(x, scope)?.checked_abs() {
                Some(x) => Ok(Value::Integer(x)),
                None => Err(raised(Reason::Overflow).giving(Value::Integer(i32::MAX))),
            },
            (Self::Length, [x]) => {
                let length = i32::try_from(walk(x, scope)?.chars().count());
                length.map(Value::Integer).map_err(|_| raised(Reason::Overflow))
            }
            (Self::Concat, parts) => join("", parts, span, scope),
            (Self::ConcatWs, [between, parts @ ..]) => join(&text(between, scope)?, parts, span, scope),
            (Self::Lower, [x]) => {
                walk(x, scope).map(|x| changed(x, |c| c.to_lowercase().eq([c]), str::to_lowercase))
            }
            (Self::Upper, [x]) => {
                walk(x, scope).map(|x| changed(x, |c| c.to_uppercase().eq([c]), str::to_uppercase))
            }
            (Self::Trim, [x]) => walk(x, scope).map(|x| slice(x, str::trim)),
            (Self::Left | Self::Right, [x, count]) => self.end(x, count, span, scope),
            (Self::Substring, [x, from, length @ ..]) => substring(x, from, length.first(), span, scope),
            // [`Function::find`] counts them.
            _ => Err(raised(Reason::NoSuchFunction)),
        }
    }

    /// `LEFT` and `RIGHT`.
    fn end<'e>(self, x: &'e Part, count: &'e Part, span: Span, scope: &Scope<'e>) -> Evaluated<'e> {
        let x = walk(x, scope)?;
        let Ok(count) = usize::try_from(integer(count, scope)?) else {
            return Err(Raised::new(Reason::NegativeLength, span).giving(Value::String(x)));
        };
        Ok(slice(x, |x| match self {
            Self::Left => &x[..byte(x, count)],
            _ => &x[byte(x, x.chars().count().saturating_sub(count))..],
        }))
    }
}

/// Characters count from 1, negative ones from the end.
fn substring<'e>(
    x: &'e Part,
    from: &'e Part,
    length: Option<&'e Part>,
    span: Span,
    scope: &Scope<'e>,
) -> Evaluated<'e> {
    let x = walk(x, scope)?;
    let from = integer(from, scope)?;
    let length = length.map(|length| integer(length, scope)).transpose()?;
    let Ok(length) = length.map_or(Ok(usize::MAX), usize::try_from) else {
        return Err(Raised::new(Reason::NegativeLength, span));
    };
    let characters = x.chars().count();
    let distance = from.unsigned_abs() as usize;
    if distance > characters {
        return Err(Raised::new(Reason::OutsideOfText, span));
    }
    let start = match from {
        0 => return Ok(Value::text("")),
        1.. => distance - 1,
        _ => characters - distance,
    };
    Ok(slice(x, |x| {
        let rest = &x[byte(x, start)..];
        &rest[..byte(rest, length)]
    }))
}

fn join<'e>(between: &str, parts: &'e [Part], span: Span, scope: &Scope<'e>) -> Evaluated<'e> {
    let mut joined = String::new();
    for (i, part) in parts.iter().enumerate() {
        let part = text(part, scope)?;
        scope.spend(between.len() + part.len()).map_err(too_much(span))?;
        if i > 0 {
            joined.push_str(between);
        }
        joined.push_str(&part);
        if joined.len() > MAX_TEXT {
            return Err(Raised::new(Reason::TooLong, span));
        }
    }
    Ok(Value::String(Cow::Owned(joined)))
}

/// The byte that the character begins with; behind the last one it is the end.
fn byte(text: &str, character: usize) -> usize {
    text.char_indices().nth(character).map_or(text.len(), |(at, _)| at)
}

/// A part of a text, without a copy where the text is not ours.
fn slice<'e>(text: Cow<'e, str>, part: impl Fn(&str) -> &str) -> Value<'e> {
    Value::String(match text {
        Cow::Borrowed(text) => Cow::Borrowed(borrowed(text, &part)),
        Cow::Owned(text) => Cow::Owned(part(&text).to_owned()),
    })
}

/// Ties the lifetime of the part to that of the text.
fn borrowed<'e>(text: &'e str, part: &impl Fn(&str) -> &str) -> &'e str {
    part(text)
}

/// The text in the other case; one that is in it already is not copied.
fn changed(text: Cow<'_, str>, stays: fn(char) -> bool, change: fn(&str) -> String) -> Value<'_> {
    Value::String(if text.chars().all(stays) { text } else { Cow::Owned(change(&text)) })
}
