//! Writing JSON events.

use crate::{Attribute, Data, Event, Kind, media_type};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;

/// Appends the event as one JSON object.
///
/// A payload leaves as it came from JSON: value, string or base64. The body of a binary-mode message
/// becomes a value if its content type declares JSON and it is JSON, a string if its content type
/// declares something else and it is UTF-8, and base64 in every other case, without a content type too.
pub fn encode(event: &Event, out: &mut Vec<u8>) {
    out.reserve(event.size() + 256);
    out.push(b'{');
    for (index, attribute) in event.attributes().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_attribute(&attribute, out);
    }
    write_payload(event, out);
    out.push(b'}');
}

/// Appends the events as one JSON array.
pub fn encode_batch<'a>(events: impl IntoIterator<Item = &'a Event>, out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, event) in events.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        encode(event, out);
    }
    out.push(b']');
}

fn write_attribute(attribute: &Attribute<'_>, out: &mut Vec<u8>) {
    write_string(attribute.name, out);
    out.push(b':');
    match attribute.kind {
        Kind::String => write_string(attribute.value, out),
        Kind::Integer | Kind::Boolean => out.extend_from_slice(attribute.value.as_bytes()),
    }
}

fn write_payload(event: &Event, out: &mut Vec<u8>) {
    let bytes = event.data().bytes();
    match form(event) {
        Form::None => {}
        Form::Value => {
            out.extend_from_slice(b",\"data\":");
            out.extend_from_slice(bytes);
        }
        Form::String(text) => {
            out.extend_from_slice(b",\"data\":");
            write_string(text, out);
        }
        Form::Base64 => {
            out.extend_from_slice(base64_member(event));
            write_base64(bytes, out);
        }
    }
}

/// How the payload is written.
enum Form<'a> {
    None,
    Value,
    String(&'a str),
    Base64,
}

/// The reader decides by content type what a JSON string stands for; every other value is a value.
fn form(event: &Event) -> Form<'_> {
    let declares_json = event.content_type().map(media_type::is_json);
    match (event.data(), declares_json) {
        (Data::Absent, _) => Form::None,
        (Data::Base64(_), _) => Form::Base64,
        (Data::Json(json), _) if !json.trim_ascii_start().starts_with(b"\"") => Form::Value,
        _ if is_marked_base64(event) => Form::Base64,
        (Data::Json(_), None | Some(true)) => Form::Value,
        (Data::Bytes(_) | Data::Text(_), None) => Form::Base64,
        (Data::Bytes(body) | Data::Text(body), Some(true)) => match std::str::from_utf8(body) {
            Ok(text) if serde_json::from_str::<IgnoredAny>(text).is_ok() => Form::Value,
            _ => Form::Base64,
        },
        (Data::Json(body) | Data::Bytes(body) | Data::Text(body), Some(false)) => {
            std::str::from_utf8(body).map_or(Form::Base64, Form::String)
        }
    }
}

/// The readers of a 0.3 event with this attribute take any string for base64.
fn is_marked_base64(event: &Event) -> bool {
    event.specversion() == "0.3" && event.get("datacontentencoding").is_some()
}

/// The start of the base64 member, up to its value.
fn base64_member(event: &Event) -> &'static [u8] {
    if event.specversion() != "0.3" {
        b",\"data_base64\":"
    } else if is_marked_base64(event) {
        b",\"data\":"
    } else {
        b",\"datacontentencoding\":\"base64\",\"data\":"
    }
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("a vector takes every string");
}

fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
    out.push(b'"');
}
