//! What must hold of an event for which an expression is `true`: comparisons that the index can look up.

use super::syntax::{Attribute, Comparison, Logic, Node, Part};
use super::value::{Type, Value};
use crate::Filter;

/// Levels of the filter that is made: what lies deeper is not looked up.
const DEPTH: usize = 8;

/// A filter that passes every event for which the expression is `true`, and others; `None`: none is known.
pub(super) fn implied(part: &Part) -> Option<Filter> {
    within(part, DEPTH)
}

fn within(part: &Part, depth: usize) -> Option<Filter> {
    match &part.node {
        Node::Logic(first, rest) => chain(first, rest, depth),
        Node::Exists(attribute) => Some(Filter::Prefix(attribute.name().to_owned(), String::new())),
        Node::Like(inner, pattern) => match &inner.node {
            Node::Attribute(attribute) => all(pattern.implied(attribute.name())),
            _ => None,
        },
        Node::In(item, set) => match &item.node {
            Node::Attribute(attribute) => any(set.iter().map(|member| cast(attribute, member)).collect()),
            _ => None,
        },
        Node::Compare(Comparison::Equal, sides) => equal(sides),
        _ => None,
    }
}

/// `a AND b AND (c OR ...)`: those of one operator together with what is to the right of them.
fn chain(first: &Part, rest: &[(Logic, Part)], depth: usize) -> Option<Filter> {
    let deeper = depth.checked_sub(1)?;
    let Some((operator, _)) = rest.first() else { return within(first, deeper) };
    let same = rest.iter().take_while(|(other, _)| other == operator).count();
    let (sides, right) = rest.split_at(same);
    let (_, last) = sides.last()?;
    let sides = sides.iter().take(same - 1).map(|(_, part)| within(part, deeper));
    let sides = std::iter::once(within(first, deeper)).chain(sides).chain([chain(last, right, deeper)]);
    match operator {
        Logic::And => all(sides.flatten().collect()),
        Logic::Or | Logic::Xor => any(sides.collect()),
    }
}

/// The left side becomes what the right side is: as a String an attribute is its text, and nothing else.
fn equal([left, right]: &[Part; 2]) -> Option<Filter> {
    match (&left.node, &right.node) {
        (Node::Attribute(attribute), Node::Literal(Value::String(text))) => Some(exact(attribute, text)),
        (_, Node::Attribute(attribute)) => cast(attribute, left),
        _ => None,
    }
}

/// A literal that becomes what the attribute is, and is equal to it: one of these texts.
fn cast(attribute: &Attribute, literal: &Part) -> Option<Filter> {
    let Node::Literal(literal) = &literal.node else { return None };
    let mut texts = Vec::new();
    for ty in [Type::String, Type::Integer, Type::Boolean] {
        let text = literal.lent().cast(ty).map(|value| value.string().into_owned());
        texts.extend(text.filter(|text| !texts.contains(text)));
    }
    any(texts.iter().map(|text| Some(exact(attribute, text))).collect())
}

fn exact(attribute: &Attribute, text: &str) -> Filter {
    Filter::Exact(attribute.name().to_owned(), text.to_owned())
}

fn all(mut parts: Vec<Filter>) -> Option<Filter> {
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(Filter::All(parts)),
    }
}

/// One side of which nothing is known lets everything pass.
fn any(parts: Vec<Option<Filter>>) -> Option<Filter> {
    parts.into_iter().collect::<Option<Vec<_>>>().map(Filter::Any)
}
