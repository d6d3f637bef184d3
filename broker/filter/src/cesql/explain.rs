//! Which part of an expression decides about an event, in words.

use super::evaluate::evaluate;
use super::place::excerpt;
use super::syntax::{Attribute, Logic, Node, Part};
use super::value::Value;
use event::Event;

/// Attributes whose values are shown.
const SHOWN: usize = 3;

/// Whether an event passes, and why. For people, not for the hot path.
pub(super) fn explain(root: &Part, text: &str, event: &Event) -> (bool, String) {
    let (value, fault) = evaluate(root, event);
    if let Some(fault) = fault {
        return (false, format!("{} error at {}", fault.kind().name(), fault.describe(text)));
    }
    let Value::Boolean(passes) = value else {
        return (false, format!("it gives `{}`, and only `true` passes", excerpt(&value.to_string())));
    };
    let part = decisive(root, event);
    let (value, _) = evaluate(part, event);
    let mut reason = format!("`{}` is {value}", excerpt(part.span.of(text)));
    let mut attributes = Vec::new();
    collect(part, &mut attributes);
    for (i, attribute) in attributes.iter().take(SHOWN).enumerate() {
        reason.push_str(if i == 0 { ": " } else { ", " });
        reason.push_str(&found(attribute, event));
    }
    (passes, reason)
}

/// The operand that settles a chain by itself, as a false one behind AND; else all of it decides.
fn decisive<'p>(part: &'p Part, event: &Event) -> &'p Part {
    let Node::Logic(first, rest) = &part.node else { return part };
    let is = |part: &Part, wanted: bool| evaluate(part, event).0.boolean() == Some(wanted);
    let mut left = &**first;
    for (i, (operator, right)) in rest.iter().enumerate() {
        let settles = match operator {
            Logic::And => false,
            Logic::Or => true,
            Logic::Xor => return part,
        };
        if is(left, settles) {
            return decisive(left, event);
        }
        if i + 1 == rest.len() && is(right, settles) {
            return decisive(right, event);
        }
        left = right;
    }
    part
}

fn collect<'p>(part: &'p Part, attributes: &mut Vec<&'p Attribute>) {
    if let Node::Attribute(attribute) | Node::Exists(attribute) = &part.node
        && attributes.iter().all(|known| known.name() != attribute.name())
    {
        attributes.push(attribute);
    }
    part.node.children().for_each(|child| collect(child, attributes));
}

fn found(attribute: &Attribute, event: &Event) -> String {
    let name = attribute.name();
    match event.get(name) {
        None => format!("`{name}` is not set"),
        Some(value) => format!("`{name}` is `{}`", excerpt(value)),
    }
}
