//! What does not fit, in words for people.

use crate::nearest;
use serde::de::{self, Expected, Unexpected};
use std::fmt;

/// Where a document does not fit its type, and why.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FieldError {
    pub(crate) field: Option<String>,
    pub(crate) message: String,
    /// The same where the value must not be shown.
    pub(crate) discreet: String,
    pub(super) is_missing: bool,
}

impl std::error::Error for FieldError {}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl de::Error for FieldError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        Self { field: None, discreet: message.clone(), message, is_missing: false }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let expected = plain(&expected.to_string());
        let remedy = match (expected.as_str(), found) {
            (
                "a string",
                Unexpected::Bool(_) | Unexpected::Signed(_) | Unexpected::Unsigned(_) | Unexpected::Float(_),
            ) => ": put it in quotes",
            _ => "",
        };
        let found = match found {
            Unexpected::Unit | Unexpected::Option => "null".to_owned(),
            Unexpected::Map => "an object".to_owned(),
            Unexpected::Seq => "a list".to_owned(),
            other => other.to_string(),
        };
        Self {
            discreet: format!("{expected} is expected here{remedy}"),
            ..Self::custom(format!("{expected} is expected here, not {found}{remedy}"))
        }
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let expected = plain(&expected.to_string());
        Self {
            discreet: format!("{expected} is expected here"),
            ..Self::custom(format!("{found} is out of range: {expected} is expected"))
        }
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let hint = nearest::hint(variant, expected.iter().copied());
        let names: Vec<String> = expected.iter().map(|name| format!("`{name}`")).collect();
        Self::custom(format!("`{}` is not one of {}{hint}", variant.escape_debug(), names.join(", ")))
    }

    fn missing_field(field: &'static str) -> Self {
        Self { is_missing: true, ..Self::custom(format!("`{field}` is missing")) }
    }
}

/// Rust's words for what is expected, as a reader of YAML says them.
fn plain(expected: &str) -> String {
    match expected {
        "i32" => "a whole number up to 2147483647".to_owned(),
        "u16" => "a whole number up to 65535".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "an object".to_owned(),
        other => other.to_owned(),
    }
}
