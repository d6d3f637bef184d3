//! Writing requests.

use crate::event::{Slot, Span};
use crate::{Data, Event, Mode, header, json};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};

static STRUCTURED: HeaderValue = HeaderValue::from_static("application/cloudevents+json");

static SPECVERSION: HeaderName = HeaderName::from_static("ce-specversion");
static ID: HeaderName = HeaderName::from_static("ce-id");
static SOURCE: HeaderName = HeaderName::from_static("ce-source");
static TYPE: HeaderName = HeaderName::from_static("ce-type");
static TIME: HeaderName = HeaderName::from_static("ce-time");
static SUBJECT: HeaderName = HeaderName::from_static("ce-subject");

/// Writes the event's headers (content type included) into `headers` and returns the body.
///
/// In binary mode an attribute that came as a header leaves byte for byte as it came, any other is
/// percent-encoded by the binding's rule. There is no content type without `datacontenttype`.
pub fn encode(event: &Event, mode: Mode, headers: &mut HeaderMap) -> Bytes {
    match mode {
        Mode::Binary => {
            write_headers(event, headers);
            event.data().bytes().clone()
        }
        Mode::Structured => {
            headers.insert(CONTENT_TYPE, STRUCTURED.clone());
            let mut body = Vec::new();
            json::encode(event, &mut body);
            Bytes::from(body)
        }
    }
}

/// One copy of the text serves all values; each is a slice of it.
fn write_headers(event: &Event, headers: &mut HeaderMap) {
    let text = Bytes::copy_from_slice(event.text.as_bytes());
    headers.reserve(event.slots.len());
    for slot in &event.slots {
        let name = event.cut(slot.name);
        if name == "datacontentencoding" && is_decoded(event) {
            continue;
        }
        if let (Some(name), Some(value)) = (header_name(name), header_value(event, slot, &text)) {
            headers.insert(name, value);
        }
    }
}

/// In 0.3 that attribute describes the JSON form; here the body is the decoded payload.
fn is_decoded(event: &Event) -> bool {
    event.specversion() == "0.3" && matches!(event.data(), Data::Base64(_))
}

/// `None` only for a name that no valid event has (a damaged record may).
fn header_name(attribute: &str) -> Option<HeaderName> {
    Some(match attribute {
        "specversion" => SPECVERSION.clone(),
        "id" => ID.clone(),
        "source" => SOURCE.clone(),
        "type" => TYPE.clone(),
        "time" => TIME.clone(),
        "subject" => SUBJECT.clone(),
        "datacontenttype" => CONTENT_TYPE,
        extension => HeaderName::try_from(["ce-", extension].concat()).ok()?,
    })
}

/// `None` only for text that no valid event has (a damaged record may).
fn header_value(event: &Event, slot: &Slot, text: &Bytes) -> Option<HeaderValue> {
    let slice = |span: Span| {
        let piece = text.get(span.start as usize..span.end as usize)?;
        HeaderValue::from_maybe_shared(text.slice_ref(piece)).ok()
    };
    let value = event.cut(slot.value);
    match slot.raw {
        Some(raw) => slice(raw),
        None if event.cut(slot.name) == "datacontenttype" || header::is_plain(value) => slice(slot.value),
        None => HeaderValue::try_from(header::encode(value).as_ref()).ok(),
    }
}
