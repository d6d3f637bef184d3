//! Which keys lead to a filter.

use super::Index;
use super::keys::{Key, Test};
use crate::Filter;

/// How the index finds a filter.
#[derive(Debug)]
pub(super) struct Plan {
    /// An event that the filter matches has at least one of them; `None`: nothing of the kind is known.
    pub(super) keys: Option<Vec<Key>>,
    /// An event that has one of them (or, without keys, any event) matches for sure.
    pub(super) decides: bool,
    /// Roughly how often the filter is visited in vain; only to compare plans.
    cost: usize,
}

impl Plan {
    pub(super) fn of(filter: &Filter, index: &Index) -> Self {
        match filter {
            Filter::Exact(name, value) => Self::by(name, Test::exact(value), true, index),
            Filter::Prefix(name, value) => Self::by(name, Test::prefix(value), Test::holds(value), index),
            Filter::Suffix(name, value) => Self::by(name, Test::suffix(value), Test::holds(value), index),
            Filter::Present(name) => Self::by(name, Test::prefix(""), false, index),
            Filter::All(parts) => Self::all(parts, index),
            Filter::Any(parts) => Self::any(parts, index),
            Filter::Not(_) => Self::keyless(false),
            Filter::Cesql(expression) => match expression.implied() {
                Some(implied) => Self { decides: false, ..Self::of(&implied, index) },
                None => Self::keyless(false),
            },
        }
    }

    fn by(name: &str, test: Test, decides: bool, index: &Index) -> Self {
        let weight = test.weight();
        let key = Key { attribute: name.into(), test };
        // What is crowded already will be more so: of `type` and `source` the one that differs wins.
        let cost = weight * (1 + index.crowd(&key));
        Self { keys: Some(vec![key]), decides, cost }
    }

    fn keyless(decides: bool) -> Self {
        Self { keys: None, decides, cost: usize::MAX }
    }

    /// One part is enough to find it: the one that is visited least.
    fn all(parts: &[Filter], index: &Index) -> Self {
        let best = parts.iter().map(|part| Self::of(part, index)).min_by_key(|plan| plan.cost);
        match best {
            None => Self::keyless(true),
            Some(best) => Self { decides: best.decides && parts.len() == 1, ..best },
        }
    }

    /// Every part must lead to it.
    fn any(parts: &[Filter], index: &Index) -> Self {
        let mut whole = Self { keys: Some(Vec::new()), decides: true, cost: 0 };
        for part in parts.iter().map(|part| Self::of(part, index)) {
            let (Some(keys), Some(more)) = (&mut whole.keys, part.keys) else { return Self::keyless(false) };
            keys.extend(more);
            whole.decides &= part.decides;
            whole.cost = whole.cost.saturating_add(part.cost);
        }
        whole
    }
}
