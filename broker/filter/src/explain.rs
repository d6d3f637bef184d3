//! Which part of a filter decided, in words.

use crate::Filter;
use event::Event;
use std::fmt;

/// Parts of a list that are spelled out.
const SPELLED_OUT: usize = 3;
/// Characters of a value that are shown.
const SHOWN: usize = 80;

/// Why a filter passes an event, or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What [`Filter::matches`] says.
    pub matches: bool,
    /// Where in a trigger's `filters` the part stands that decided, as `filters[0].any[1].prefix.type`;
    /// empty where the reason is enough: a comparison directly in the list, or the list as a whole.
    pub part: String,
    /// What decided, for people.
    pub reason: String,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.part.is_empty() {
            write!(f, "{}: ", self.part)?;
        }
        f.write_str(&self.reason)
    }
}

impl Filter {
    /// Says which part of the filter decides about the event, and why. For people, not for the hot path.
    #[must_use]
    pub fn explain(&self, event: &Event) -> Explanation {
        let list = match self {
            Self::All(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        let place = |i: usize| match &list[i] {
            Self::All(_) | Self::Any(_) | Self::Not(_) | Self::Cesql(_) => format!("filters[{i}]"),
            Self::Exact(..) | Self::Prefix(..) | Self::Suffix(..) | Self::Present(_) => String::new(),
        };
        all(list, event, "", place)
    }

    /// The same for a part that stands at `place`; an empty place is not named.
    fn explain_at(&self, event: &Event, place: &str) -> Explanation {
        let compared = |dialect: &str, name: &str, wanted: String| Explanation {
            matches: self.matches(event),
            part: if place.is_empty() { String::new() } else { format!("{place}.{dialect}.{name}") },
            reason: format!("{}, wanted {wanted}", found(event, name)),
        };
        match self {
            Self::Exact(name, want) => compared("exact", name, format!("exactly {}", quoted(want))),
            Self::Prefix(name, want) => {
                compared("prefix", name, format!("a value starting with {}", quoted(want)))
            }
            Self::Suffix(name, want) => {
                compared("suffix", name, format!("a value ending with {}", quoted(want)))
            }
            Self::Present(name) => compared("attributes", name, "any value".to_owned()),
            Self::All(parts) if is_map(parts) => all(parts, event, place, |_| place.to_owned()),
            Self::All(parts) => all(parts, event, place, |i| format!("{place}.all[{i}]")),
            Self::Any(parts) => any(parts, event, place),
            Self::Not(inner) => {
                let inner = inner.explain_at(event, &format!("{place}.not"));
                let verdict = if inner.matches { "excluded by `not`" } else { "not excluded by `not`" };
                let reason = format!("{verdict}: {}", inner.reason);
                Explanation { matches: !inner.matches, reason, part: inner.part }
            }
            Self::Cesql(expression) => {
                let (matches, reason) = expression.explain(event);
                Explanation { matches, reason, part: format!("{place}.cesql") }
            }
        }
    }
}

/// The first part that fails, or all of them.
fn all(parts: &[Filter], event: &Event, place: &str, part: impl Fn(usize) -> String) -> Explanation {
    let mut answers = Vec::new();
    for (i, filter) in parts.iter().enumerate() {
        let answer = filter.explain_at(event, &part(i));
        if !answer.matches {
            return answer;
        }
        answers.push(answer);
    }
    sum_up(answers, place, true, "nothing is asked for, so every event matches")
}

/// The first part that passes, or all of them.
fn any(parts: &[Filter], event: &Event, place: &str) -> Explanation {
    let mut answers = Vec::new();
    for (i, filter) in parts.iter().enumerate() {
        let answer = filter.explain_at(event, &format!("{place}.any[{i}]"));
        if answer.matches {
            return answer;
        }
        answers.push(answer);
    }
    sum_up(answers, &format!("{place}.any"), false, "`any` of nothing matches no event")
}

/// Parts that all said the same.
fn sum_up(mut answers: Vec<Explanation>, place: &str, matches: bool, none: &str) -> Explanation {
    if answers.len() == 1 {
        return answers.remove(0);
    }
    let spelled: Vec<_> = answers.iter().take(SPELLED_OUT).map(|a| a.reason.as_str()).collect();
    let more = match answers.len().saturating_sub(SPELLED_OUT) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let reason = if answers.is_empty() { none.to_owned() } else { spelled.join("; ") + &more };
    Explanation { matches, part: place.to_owned(), reason }
}

/// Several attributes under one dialect: how people write most lists of comparisons.
fn is_map(parts: &[Filter]) -> bool {
    parts.iter().all(|part| matches!(part, Filter::Exact(..)))
        || parts.iter().all(|part| matches!(part, Filter::Prefix(..)))
        || parts.iter().all(|part| matches!(part, Filter::Suffix(..)))
}

fn found(event: &Event, name: &str) -> String {
    match event.get(name) {
        None => format!("`{name}` is not set"),
        Some("") => format!("`{name}` is empty"),
        Some(value) => format!("`{name}` is {}", quoted(value)),
    }
}

/// A value for people: long ones are cut.
fn quoted(value: &str) -> String {
    match value.char_indices().nth(SHOWN) {
        None => format!("`{value}`"),
        Some((end, _)) => format!("`{}...`", &value[..end]),
    }
}
