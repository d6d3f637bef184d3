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
    if let Some(scheme) = scheme(value).filter(|scheme| !is_scheme(scheme)) {
        let (shown, got) = (excerpt(scheme), excerpt(value));
        return Err(format!("must be a URI reference, `{shown}` before the colon is no scheme; got `{got}`"));
    }
    structure(value).map_err(|why| format!("must be a URI reference, {why}; got `{}`", excerpt(value)))
}

/// The delimiters that have one place each (RFC 3986, 3.2 and 3.5).
fn structure(value: &str) -> Result<(), &'static str> {
    let (before, fragment) = value.split_once('#').unwrap_or((value, ""));
    if fragment.contains('#') {
        return Err("it has a second `#`");
    }
    let hierarchy = before.split('?').next().unwrap_or_default();
    let hierarchy = scheme(value).map_or(hierarchy, |scheme| &hierarchy[scheme.len() + 1..]);
    let authority = hierarchy.strip_prefix("//").map(|rest| rest.split('/').next().unwrap_or_default());
    let brackets = |text: &str| text.bytes().filter(|b| matches!(b, b'[' | b']')).count();
    if brackets(value) != authority.map_or(0, brackets) {
        return Err("brackets stand only around an IP address");
    }
    authority.map_or(Ok(()), host_and_port)
}

fn host_and_port(authority: &str) -> Result<(), &'static str> {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let port = match host.strip_prefix('[') {
        Some(ip) => match ip.split_once(']') {
            Some((ip, rest)) if !ip.is_empty() && (rest.is_empty() || rest.starts_with(':')) => rest,
            _ => return Err("brackets stand only around an IP address"),
        },
        None if host.contains(['[', ']']) => return Err("brackets stand only around an IP address"),
        None => host.find(':').map_or("", |colon| &host[colon..]),
    };
    let digits = port.strip_prefix(':').unwrap_or_default();
    if digits.bytes().all(|b| b.is_ascii_digit()) { Ok(()) } else { Err("the port is no number") }
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
