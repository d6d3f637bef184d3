//! One attribute as an HTTP header value and back (HTTP binding 1.0, 3.1.3.2).

use crate::attribute::excerpt;
use crate::draft::Draft;
use crate::rule::{self, Broken};
use crate::{InvalidAttribute, uri};
use http::HeaderValue;
use std::borrow::Cow;

/// Reads the header `ce-NAME`. The value is decoded; the header's own text is kept beside it wherever
/// encoding the value again would give another text, so that it can be passed on byte for byte.
pub(crate) fn read<'a>(name: &'a str, header: &'a HeaderValue) -> Result<Draft<'a>, InvalidAttribute> {
    let raw = std::str::from_utf8(header.as_bytes())
        .map_err(|_| InvalidAttribute::new(name, "the header must be ASCII or UTF-8"))?;
    let value = decode(raw).map_err(|rule| InvalidAttribute::new(name, rule))?;
    let value = undo_for_uri(name, raw, value);
    let canonical = is_plain(raw) || raw == encode(&value);
    let kept = (!canonical).then_some(Cow::Borrowed(raw));
    Ok(Draft { raw: kept, ..Draft::string(name, value) })
}

/// The canonical header value; borrowed when nothing needs encoding.
pub(crate) fn encode(value: &str) -> Cow<'_, str> {
    if is_plain(value) {
        return Cow::Borrowed(value);
    }
    let mut encoded = String::with_capacity(value.len() * 3);
    for byte in value.bytes() {
        if is_plain_byte(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(HEX[usize::from(byte >> 4)]));
            encoded.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    Cow::Owned(encoded)
}

/// Whether the value is its own header value. Without an early end many bytes are tested at once.
pub(crate) fn is_plain(value: &str) -> bool {
    value.bytes().fold(true, |plain, byte| plain & is_plain_byte(byte))
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

fn is_plain_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'"' && byte != b'%'
}

/// Double quotes around the whole value are taken off, then one round of percent-decoding.
fn decode(raw: &str) -> Result<Cow<'_, str>, Broken> {
    let text = unquote(raw);
    if memchr::memchr(b'%', text.as_bytes()).is_none() {
        return Ok(text);
    }
    String::from_utf8(percent_decode(text.as_bytes()))
        .map(Cow::Owned)
        .map_err(|_| format!("percent-encoded bytes must be UTF-8; got `{}`", excerpt(raw)))
}

/// A quoted string of RFC 7230, 3.2.6; text that is not wholly one stays as it is.
fn unquote(raw: &str) -> Cow<'_, str> {
    let Some(inner) = raw.strip_prefix('"').and_then(|r| r.strip_suffix('"')) else {
        return Cow::Borrowed(raw);
    };
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return Cow::Borrowed(raw),
            '\\' => match chars.next() {
                Some(escaped) => text.push(escaped),
                None => return Cow::Borrowed(raw),
            },
            _ => text.push(c),
        }
    }
    Cow::Owned(text)
}

/// A `%` without two hexadecimal digits stands for itself.
fn percent_decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        match (byte, after) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                decoded.push(digit(*high) << 4 | digit(*low));
                rest = after;
            }
            _ => {
                decoded.push(byte);
                rest = after;
            }
        }
    }
    decoded
}

fn digit(hex: u8) -> u8 {
    match hex {
        b'0'..=b'9' => hex - b'0',
        _ => (hex | 0x20) - b'a' + 10,
    }
}

/// Many senders put a URI into its header as it is, where the binding wants its `%` encoded once more:
/// `/a%20b`. Decoding that gives no URI, the header itself is one, so the header is what was meant.
fn undo_for_uri<'a>(name: &str, raw: &'a str, value: Cow<'a, str>) -> Cow<'a, str> {
    let meant = rule::is_uri(name) && uri::reference(&value).is_err() && uri::reference(raw).is_ok();
    if meant { Cow::Borrowed(raw) } else { value }
}
