//! Reading requests and answers.

use super::{DecodeError, Decoded};
use crate::attribute::excerpt;
use crate::draft::{Draft, Drafts};
use crate::{Data, Event, InvalidAttribute, Mode, header, json, media_type};
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

const FAMILY: &str = "application/cloudevents";
const EVENT: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";

/// Reads a request: structured or batch by content type, else binary by its `ce-` headers.
///
/// A `ce-datacontenttype` header is refused: the specification forbids it, and guessing which of it and
/// `content-type` was meant would be worse. In structured and batch mode `ce-` headers mean nothing.
///
/// # Errors
/// When it is not a valid CloudEvent of a known format.
pub fn decode(headers: &HeaderMap, body: Bytes) -> Result<Decoded, DecodeError> {
    refuse_encoded(headers)?;
    let content_type = content_type(headers)?;
    match content_type.filter(|c| is_family(c.as_bytes())) {
        Some(format) => formatted(format, &body),
        None => binary(headers, content_type, body).map(Decoded::One),
    }
}

/// Reads an answer: `Ok(None)` when it does not claim to be an event. It does by its content type, or by
/// one of the headers that every binary event has (an answer may echo others without meaning an event).
///
/// # Errors
/// When it claims to be an event and is not valid.
pub fn decode_reply(headers: &HeaderMap, body: Bytes) -> Result<Option<Decoded>, DecodeError> {
    const CLAIMS: [&str; 4] = ["ce-specversion", "ce-id", "ce-source", "ce-type"];
    let format = headers.get_all(CONTENT_TYPE).iter().any(|value| is_family(value.as_bytes()));
    if format || CLAIMS.iter().any(|name| headers.contains_key(*name)) {
        decode(headers, body).map(Some)
    } else {
        Ok(None)
    }
}

fn refuse_encoded(headers: &HeaderMap) -> Result<(), DecodeError> {
    for value in headers.get_all(CONTENT_ENCODING) {
        let text = value.to_str().unwrap_or("(not ASCII)");
        if !text.split(',').all(|coding| coding.trim_ascii().eq_ignore_ascii_case("identity")) {
            let shown = excerpt(text);
            return Err(DecodeError::Unsupported(format!(
                "content encoding `{shown}` is not supported, send the body unencoded"
            )));
        }
    }
    Ok(())
}

fn content_type(headers: &HeaderMap) -> Result<Option<&str>, InvalidAttribute> {
    let invalid = |rule| InvalidAttribute::new("datacontenttype", rule);
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(invalid("there is more than one `content-type` header"));
    }
    value.to_str().map(Some).map_err(|_| invalid("the `content-type` header must be printable ASCII"))
}

/// Anything that starts like the CloudEvents media type is one of its formats (HTTP binding 1.0, 3).
fn is_family(content_type: &[u8]) -> bool {
    content_type.get(..FAMILY.len()).is_some_and(|start| start.eq_ignore_ascii_case(FAMILY.as_bytes()))
}

/// The `charset` parameter is not looked at: JSON is UTF-8, and a body that is not gets refused.
fn formatted(content_type: &str, body: &Bytes) -> Result<Decoded, DecodeError> {
    let essence = media_type::essence(content_type);
    if essence.eq_ignore_ascii_case(EVENT) {
        json::decode(body).map(Decoded::One)
    } else if essence.eq_ignore_ascii_case(BATCH) {
        json::decode_batch(body).map(Decoded::Batch)
    } else {
        let shown = excerpt(essence);
        Err(DecodeError::Unsupported(format!(
            "content type `{shown}` is not supported, send binary mode, `{EVENT}` or `{BATCH}`"
        )))
    }
}

fn binary(headers: &HeaderMap, content_type: Option<&str>, body: Bytes) -> Result<Event, DecodeError> {
    let mut drafts = Drafts::default();
    for (name, value) in headers {
        let Some(name) = name.as_str().strip_prefix("ce-") else { continue };
        if name == "datacontenttype" {
            return Err(InvalidAttribute::new(name, "is the `content-type` header in binary mode").into());
        }
        drafts.add(header::read(name, value)?)?;
    }
    if drafts.is_empty() {
        let rule = format!("is required, there are no `ce-` headers and the content type is not `{EVENT}`");
        return Err(InvalidAttribute::new("specversion", rule).into());
    }
    if let Some(content_type) = content_type {
        drafts.add(Draft::string("datacontenttype", content_type))?;
    }
    let data = if body.is_empty() { Data::Absent } else { Data::Bytes(body) };
    Ok(drafts.into_event(data, Mode::Binary)?)
}
