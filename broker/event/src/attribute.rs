//! Names and values of context attributes as readers see them.

/// One context attribute as readers see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Lower-case letters and digits (CloudEvents 1.0, naming conventions).
    pub name: &'a str,
    /// The canonical string form, percent-decoded: what filters compare.
    pub value: &'a str,
    /// The header value as it came, where it differs from the canonical encoding of `value`.
    pub raw: Option<&'a str>,
    /// The type that the JSON format keeps.
    pub kind: Kind,
}

/// The JSON type of an attribute's value. From HTTP headers everything is a string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// String, URI, timestamp or binary: a JSON string.
    #[default]
    String,
    /// A 32 bit integer: a JSON number.
    Integer,
    /// `true` or `false`.
    Boolean,
}

/// A rule of the specification that an attribute breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("attribute `{name}`: {rule}")]
pub struct InvalidAttribute {
    /// The attribute as it was named, escaped and cut.
    pub name: String,
    /// What is wrong and what is allowed.
    pub rule: String,
}

impl InvalidAttribute {
    pub(crate) fn new(name: &str, rule: impl Into<String>) -> Self {
        Self { name: excerpt(name), rule: rule.into() }
    }
}

/// What a message may show of foreign text: one line, escaped, cut.
pub(crate) fn excerpt(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
