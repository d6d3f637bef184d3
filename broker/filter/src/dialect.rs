//! The dialects of Knative's `filters`, parsed.

use crate::cesql::Expression;
use event::Event;

/// A filter that cannot be invalid. Serialised it travels in the control records of a channel.
///
/// A list of `filters` is an [`Filter::All`], and so is a map with several attributes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Filter {
    /// Attribute present and equal.
    Exact(String, String),
    /// Attribute present and starting with.
    Prefix(String, String),
    /// Attribute present and ending with.
    Suffix(String, String),
    /// Attribute present and not empty (the legacy `""` of `filter.attributes`).
    Present(String),
    /// Every one of them; the empty list matches every event.
    All(Vec<Filter>),
    /// One of them at least; the empty list matches nothing.
    Any(Vec<Filter>),
    /// Not that one: passes too when that one errs, because one that errs does not pass.
    Not(Box<Filter>),
    /// `true`, and no error.
    Cesql(Expression),
}

impl Filter {
    /// How deep filters may be nested ([`Filter::depth`]): who builds one refuses what is deeper, so that no
    /// walk over a filter can exhaust the stack.
    pub const MAX_DEPTH: usize = 32;

    /// The filter that passes every event.
    #[must_use]
    pub fn everything() -> Self {
        Self::All(Vec::new())
    }

    /// Levels of nesting: 1 for a single comparison, 2 for a list of them.
    #[must_use]
    pub fn depth(&self) -> usize {
        match self {
            Self::Exact(..) | Self::Prefix(..) | Self::Suffix(..) | Self::Present(_) | Self::Cesql(_) => 1,
            Self::All(parts) | Self::Any(parts) => 1 + parts.iter().map(Self::depth).max().unwrap_or(0),
            Self::Not(inner) => 1 + inner.depth(),
        }
    }

    /// True when the event passes.
    #[must_use]
    pub fn matches(&self, event: &Event) -> bool {
        self.judge(event, &mut false)
    }

    /// The same; `erred` becomes true when an expression in it errs about the event, or gives no Boolean.
    pub(crate) fn judge(&self, event: &Event, erred: &mut bool) -> bool {
        let value = |name: &str| event.get(name);
        match self {
            Self::Exact(name, want) => value(name) == Some(want),
            Self::Prefix(name, want) => value(name).is_some_and(|v| v.starts_with(want.as_str())),
            Self::Suffix(name, want) => value(name).is_some_and(|v| v.ends_with(want.as_str())),
            Self::Present(name) => value(name).is_some_and(|v| !v.is_empty()),
            Self::All(parts) => parts.iter().all(|f| f.judge(event, erred)),
            Self::Any(parts) => parts.iter().any(|f| f.judge(event, erred)),
            Self::Not(inner) => !inner.judge(event, erred),
            Self::Cesql(expression) => expression.passes(event).unwrap_or_else(|()| {
                *erred = true;
                false
            }),
        }
    }
}
