//! URIs and URI references (RFC 3986), as far as an event's validity needs them.
//!
//! Stricter than nothing, laxer than the grammar: a `%` without two digits and characters outside of
//! ASCII are let through, because senders of older bindings put them there and receivers take them.

use crate::attribute::excerpt;
use crate::rule::Broken;

/// A URI or a relative reference (RFC 3986, 4.1).
pub(crate) fn reference(value: &str) -> Result<(), Broken> {
    if let Some(c) = value.chars().find(|c| !allowed(*c)) {
        let shown = excerpt(value);
        return Err(format!("must be a URI reference, {c:?} must be percent-encoded; got `{shown}`"));
    }
    match scheme(value) {
        Some(scheme) if !is_scheme(scheme) => {
            let (shown, got) = (excerpt(scheme), excerpt(value));
            Err(format!("must be a URI reference, `{shown}` before the colon is no scheme; got `{got}`"))
        }
        _ => Ok(()),
    }
}

/// A URI with a scheme (RFC 3986, 4.3); a fragment is let through, schemas are often named by one.
pub(crate) fn absolute(value: &str) -> Result<(), Broken> {
    reference(value)?;
    match scheme(value) {
        Some(_) => Ok(()),
        None => Err(format!("must be an absolute URI with a scheme; got `{}`", excerpt(value))),
    }
}

fn allowed(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' | '_' | '~' | '%' => true,
        ':' | '/' | '?' | '#' | '[' | ']' | '@' => true,
        '!' | '$' | '&' | '\'' | '(' | ')' | '*' | '+' | ',' | ';' | '=' => true,
        _ => !c.is_ascii() && !c.is_whitespace(),
    }
}

/// What stands before the first colon, if no delimiter comes earlier.
fn scheme(value: &str) -> Option<&str> {
    let end = value.find([':', '/', '?', '#'])?;
    value[end..].starts_with(':').then(|| &value[..end])
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}
