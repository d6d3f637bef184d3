//! What an expression says about an event.
//!
//! An error ends the evaluation: nothing to its right is looked at, and what it happened in gives the zero of
//! its type (sections 3.3 and 4.1, "fail fast"). Nothing is allocated unless the expression makes a new text.

use super::fault::{Fault, Raised, Reason};
use super::place::Span;
use super::scope::{Exhausted, Scope};
use super::syntax::{Arithmetic, Comparison, Logic, Node, Part};
use super::value::{Type, Value};
use event::Event;
use std::borrow::Cow;

pub(super) type Evaluated<'e, T = Value<'e>> = Result<T, Raised<'e>>;

/// The value, and the error that it comes with.
pub(super) fn evaluate<'e>(part: &'e Part, event: &'e Event) -> (Value<'e>, Option<Fault>) {
    match operate(part, &Scope::of(event)) {
        Ok(value) => (value, None),
        Err(raised) => {
            // A type that is not known counts as Boolean (section 3.2).
            let zero = || part.node.ty().unwrap_or(Type::Boolean).zero();
            (raised.value.unwrap_or_else(zero), Some(raised.fault))
        }
    }
}

/// The value of an operand.
pub(super) fn value<'e>(part: &'e Part, scope: &Scope<'e>) -> Evaluated<'e> {
    operate(part, scope).map_err(Raised::passed_on)
}

/// An operand that has to be a Boolean.
pub(super) fn boolean<'e>(part: &'e Part, scope: &Scope<'e>) -> Evaluated<'e, bool> {
    value(part, scope)?.boolean().ok_or_else(|| no_cast(Type::Boolean, part.span))
}

/// An operand that has to be an Integer.
pub(super) fn integer<'e>(part: &'e Part, scope: &Scope<'e>) -> Evaluated<'e, i32> {
    whole(&value(part, scope)?, part.span, scope)
}

fn whole<'e>(value: &Value<'e>, span: Span, scope: &Scope<'e>) -> Evaluated<'e, i32> {
    weigh(value, Type::Integer, span, scope)?;
    value.integer().ok_or_else(|| no_cast(Type::Integer, span))
}

/// An operand that has to be a String.
pub(super) fn text<'e>(part: &'e Part, scope: &Scope<'e>) -> Evaluated<'e, Cow<'e, str>> {
    value(part, scope).map(Value::string)
}

/// The same, to be walked along from one end to the other.
pub(super) fn walk<'e>(part: &'e Part, scope: &Scope<'e>) -> Evaluated<'e, Cow<'e, str>> {
    let text = text(part, scope)?;
    scope.spend(text.len()).map_err(too_much(part.span))?;
    Ok(text)
}

/// A value as one of another type.
fn cast<'e>(value: Value<'e>, to: Type, span: Span, scope: &Scope<'e>) -> Evaluated<'e> {
    weigh(&value, to, span, scope)?;
    value.cast(to).ok_or_else(|| no_cast(to, span))
}

/// Spends what a cast costs: a number may stand behind a million zeros.
pub(super) fn weigh<'e>(value: &Value<'e>, to: Type, span: Span, scope: &Scope<'e>) -> Evaluated<'e, ()> {
    match (value, to) {
        (Value::String(text), Type::Integer) => scope.spend(text.len()).map_err(too_much(span)),
        _ => Ok(()),
    }
}

/// What no steps are left for.
pub(super) fn too_much<'e>(span: Span) -> impl Fn(Exhausted) -> Raised<'e> {
    move |Exhausted| Raised::new(Reason::TooMuch, span)
}

fn no_cast<'e>(to: Type, span: Span) -> Raised<'e> {
    Raised::new(Reason::NoCast(to), span)
}

fn operate<'e>(part: &'e Part, scope: &Scope<'e>) -> Evaluated<'e> {
    let raised = |reason| Raised::new(reason, part.span);
    match &part.node {
        Node::Literal(literal) => Ok(literal.lent()),
        Node::Attribute(attribute) => attribute.read(scope.event).ok_or_else(|| raised(Reason::Absent)),
        Node::Exists(attribute) => Ok(Value::Boolean(attribute.is_in(scope.event))),
        Node::Not(inner) => not(inner, scope),
        Node::Negate(inner) => match integer(inner, scope)?.checked_neg() {
            Some(negated) => Ok(Value::Integer(negated)),
            None => Err(raised(Reason::Overflow)),
        },
        Node::Like(inner, pattern) => {
            let matches = pattern.matches(&text(inner, scope)?, scope);
            matches.map(Value::Boolean).map_err(too_much(part.span))
        }
        Node::In(item, set) => is_in(item, set, scope).map(Value::Boolean),
        Node::Compare(comparison, sides) => compare(*comparison, sides, scope).map(Value::Boolean),
        Node::Calculate(operator, sides) => {
            let (left, right) = integers(sides, scope)?;
            operator.apply(left, right).map(Value::Integer).map_err(raised)
        }
        Node::Logic(first, rest) => logic(first, rest, scope).map(Value::Boolean),
        Node::Call(function, arguments) => function.call(arguments, part.span, scope),
        Node::Unknown => Err(raised(Reason::NoSuchFunction)),
    }
}

/// `NOT` casts a String; the test suite has it refuse an Integer, and say `true` with it.
fn not<'e>(inner: &'e Part, scope: &Scope<'e>) -> Evaluated<'e> {
    match value(inner, scope)? {
        Value::Integer(_) => Err(Raised::new(Reason::NotOfInteger, inner.span).giving(Value::Boolean(true))),
        value => match value.boolean() {
            Some(value) => Ok(Value::Boolean(!value)),
            None => Err(no_cast(Type::Boolean, inner.span)),
        },
    }
}

/// Both sides are evaluated before one of them is cast.
fn both<'e>([left, right]: &'e [Part; 2], scope: &Scope<'e>) -> Evaluated<'e, (Value<'e>, Value<'e>)> {
    Ok((value(left, scope)?, value(right, scope)?))
}

fn integers<'e>(sides: &'e [Part; 2], scope: &Scope<'e>) -> Evaluated<'e, (i32, i32)> {
    let (left, right) = both(sides, scope)?;
    let left = whole(&left, sides[0].span, scope)?;
    Ok((left, whole(&right, sides[1].span, scope)?))
}

fn compare<'e>(comparison: Comparison, sides: &'e [Part; 2], scope: &Scope<'e>) -> Evaluated<'e, bool> {
    let order: fn(&i32, &i32) -> bool = match comparison {
        Comparison::Equal => return equal(sides, scope),
        Comparison::NotEqual => return equal(sides, scope).map(|equal| !equal),
        Comparison::Less => i32::lt,
        Comparison::LessOrEqual => i32::le,
        Comparison::Greater => i32::gt,
        Comparison::GreaterOrEqual => i32::ge,
    };
    integers(sides, scope).map(|(left, right)| order(&left, &right))
}

/// The left side becomes what the right side is.
fn equal<'e>(sides: &'e [Part; 2], scope: &Scope<'e>) -> Evaluated<'e, bool> {
    let (left, right) = both(sides, scope)?;
    Ok(cast(left, right.ty(), sides[0].span, scope)? == right)
}

/// The members become what the item is, one by one until one is equal.
fn is_in<'e>(item: &'e Part, set: &'e [Part], scope: &Scope<'e>) -> Evaluated<'e, bool> {
    let item = value(item, scope)?;
    for part in set {
        if cast(value(part, scope)?, item.ty(), part.span, scope)? == item {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `a op (b op (c ...))`, as far as it has to be looked at.
fn logic<'e>(first: &'e Part, rest: &'e [(Logic, Part)], scope: &Scope<'e>) -> Evaluated<'e, bool> {
    let mut left = first;
    // What the brackets to the right give is turned round by each true left side of a XOR.
    let mut flip = false;
    for (operator, right) in rest {
        match (operator, boolean(left, scope)?) {
            (Logic::And, false) => return Ok(flip),
            (Logic::Or, true) => return Ok(!flip),
            (Logic::Xor, true) => flip = !flip,
            (Logic::And, true) | (Logic::Or | Logic::Xor, false) => {}
        }
        left = right;
    }
    boolean(left, scope).map(|last| last != flip)
}

impl Arithmetic {
    /// What leaves 32 bits is an error.
    fn apply(self, left: i32, right: i32) -> Result<i32, Reason> {
        let result = match self {
            Self::Over | Self::Modulo if right == 0 => return Err(Reason::DivisionByZero),
            Self::Times => left.checked_mul(right),
            Self::Over => left.checked_div(right),
            // What -1 leaves over is nothing, even where the quotient does not fit.
            Self::Modulo => Some(left.wrapping_rem(right)),
            Self::Plus => left.checked_add(right),
            Self::Minus => left.checked_sub(right),
        };
        result.ok_or(Reason::Overflow)
    }
}
