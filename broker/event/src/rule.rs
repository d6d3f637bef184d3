//! The rules of CloudEvents 1.0 and 0.3 for names and values, each in one place.

use crate::attribute::excerpt;
use crate::draft::Draft;
use crate::{InvalidAttribute, Kind};
use crate::{media_type, rfc3339, uri};

/// The attributes every event has, in the order in which it keeps them.
pub(crate) const REQUIRED: [&str; 4] = ["specversion", "id", "source", "type"];

/// Longer names would not fit into a header of any receiver; the specification advises 20.
const MAX_NAME: usize = 1024;

/// A rule that is broken: what is allowed and what came instead.
pub(crate) type Broken = String;

/// Lower-case ASCII letters and digits, and not `data` (1.0, naming conventions).
pub(crate) fn name(name: &str) -> Result<(), InvalidAttribute> {
    let rule = if name.is_empty() {
        "a name must not be empty".to_owned()
    } else if name.len() > MAX_NAME {
        format!("a name must not be longer than {MAX_NAME} characters")
    } else if name == "data" {
        "is reserved for the payload".to_owned()
    } else if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
        "a name consists of lower-case letters a-z and digits".to_owned()
    } else {
        return Ok(());
    };
    Err(InvalidAttribute::new(name, rule))
}

/// Everything that can be said about one value; `version` is the event's `specversion`.
pub(crate) fn value(draft: &Draft<'_>, version: &str) -> Result<(), InvalidAttribute> {
    characters(&draft.value)
        .and_then(|()| kind(draft))
        .and_then(|()| meaning(draft, version))
        .map_err(|rule| InvalidAttribute::new(&draft.name, rule))
}

/// Whether the specification version makes this attribute a URI or a URI reference.
pub(crate) fn is_uri(name: &str) -> bool {
    matches!(name, "source" | "dataschema" | "schemaurl")
}

/// No control characters, no noncharacters (1.0, type system, String).
fn characters(value: &str) -> Result<(), Broken> {
    // Without an early end the compiler tests many bytes at once; nearly every value passes here.
    if value.bytes().fold(true, |printable, byte| printable & matches!(byte, b' '..=b'~')) {
        return Ok(());
    }
    match value.chars().find(|c| c.is_control() || is_noncharacter(*c)) {
        None => Ok(()),
        Some(c) => {
            Err(format!("must not contain control characters or noncharacters; got U+{:04X}", c as u32))
        }
    }
}

fn is_noncharacter(c: char) -> bool {
    let code = c as u32;
    code & 0xFFFE == 0xFFFE || (0xFDD0..=0xFDEF).contains(&code)
}

fn kind(draft: &Draft<'_>) -> Result<(), Broken> {
    let value = draft.value.as_ref();
    match draft.kind {
        Kind::String => Ok(()),
        Kind::Integer if value.parse::<i32>().is_ok_and(|n| n.to_string() == value) => Ok(()),
        Kind::Integer => Err(format!("an integer has at most 32 bits; got `{}`", excerpt(value))),
        Kind::Boolean if matches!(value, "true" | "false") => Ok(()),
        Kind::Boolean => Err(format!("must be `true` or `false`; got `{}`", excerpt(value))),
    }
}

/// The rule of an attribute that the specification defines; an extension may mean anything.
fn meaning(draft: &Draft<'_>, version: &str) -> Result<(), Broken> {
    let value = draft.value.as_ref();
    let broken = match (draft.name.as_ref(), version) {
        ("specversion", _) => specversion(value),
        ("id" | "type" | "subject", _) => not_empty(value),
        ("source", _) | ("schemaurl", "0.3") => not_empty(value).and_then(|()| uri::reference(value)),
        ("dataschema", "1.0") => not_empty(value).and_then(|()| uri::absolute(value)),
        ("time", _) => rfc3339::check(value),
        ("datacontenttype", _) => media_type::check(value),
        ("datacontentencoding", "0.3") => base64_only(value),
        _ => return Ok(()),
    };
    broken.and_then(|()| match draft.kind {
        Kind::String => Ok(()),
        Kind::Integer | Kind::Boolean => Err(format!("must be a string; got `{}`", excerpt(value))),
    })
}

fn specversion(value: &str) -> Result<(), Broken> {
    match value {
        "1.0" | "0.3" => Ok(()),
        other => Err(format!("must be `1.0` or `0.3`; got `{}`", excerpt(other))),
    }
}

fn not_empty(value: &str) -> Result<(), Broken> {
    if value.is_empty() { Err("must not be empty".to_owned()) } else { Ok(()) }
}

/// RFC 2045 knows more encodings; CloudEvents 0.3 leaves them undefined.
fn base64_only(value: &str) -> Result<(), Broken> {
    if value.eq_ignore_ascii_case("base64") {
        Ok(())
    } else {
        Err(format!("must be `base64`; got `{}`", excerpt(value)))
    }
}
