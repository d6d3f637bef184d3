//! The members of one JSON event, sorted into attributes and payload (JSON format 1.0, 2 and 3).

use crate::attribute::excerpt;
use crate::draft::{Draft, Drafts};
use crate::rule::{self, Broken};
use crate::{Data, Event, InvalidAttribute, Kind, Mode, media_type};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A member's name, borrowed unless it has escapes.
#[derive(serde::Deserialize)]
pub(super) struct Name<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// What was read so far.
#[derive(Default)]
pub(super) struct Members<'a> {
    attributes: Drafts<'a>,
    /// Names that are `null`: absent, but each still counts as given once.
    nulls: Drafts<'a>,
    data: Option<&'a RawValue>,
    data_base64: Option<&'a RawValue>,
}

impl<'a> Members<'a> {
    /// Takes one member.
    pub(super) fn take(&mut self, name: Cow<'a, str>, value: &'a RawValue) -> Result<(), InvalidAttribute> {
        match name.as_ref() {
            "data" => once(&mut self.data, &name, value),
            "data_base64" => once(&mut self.data_base64, &name, value),
            _ => self.attribute(name, value),
        }
    }

    fn attribute(&mut self, name: Cow<'a, str>, value: &'a RawValue) -> Result<(), InvalidAttribute> {
        rule::name(&name)?;
        if self.attributes.get(&name).is_some() || self.nulls.get(&name).is_some() {
            return Err(InvalidAttribute::new(&name, "is given more than once"));
        }
        if value.get() == "null" {
            return self.nulls.add(Draft::string(name, ""));
        }
        let (value, kind) = scalar(value.get()).map_err(|rule| InvalidAttribute::new(&name, rule))?;
        self.attributes.add(Draft { name, value, raw: None, kind })
    }

    /// Makes the event; `payload` turns a part of the input into bytes.
    pub(super) fn into_event(mut self, payload: &dyn Fn(&str) -> Bytes) -> Result<Event, InvalidAttribute> {
        let base64 = self.data_base64.filter(|v| v.get() != "null");
        let data = match (self.data, base64) {
            (Some(_), Some(_)) => {
                return Err(InvalidAttribute::new("data", "must not stand beside `data_base64`"));
            }
            (None, Some(base64)) => self.base64_member(base64)?,
            (Some(data), None) if self.is_base64_of_0_3(data) => decode_base64("data", data)?,
            (data, None) => {
                self.imply_json()?;
                match data {
                    None => Data::Absent,
                    Some(data) => self.value_or_text(data, payload)?,
                }
            }
        };
        self.attributes.into_event(data, Mode::Structured)
    }

    fn base64_member(&self, base64: &RawValue) -> Result<Data, InvalidAttribute> {
        if self.attributes.get("specversion") == Some("0.3") {
            let rule = "is not part of CloudEvents 0.3, use `datacontentencoding` and `data`";
            return Err(InvalidAttribute::new("data_base64", rule));
        }
        decode_base64("data_base64", base64)
    }

    /// CloudEvents 0.3 marks base64 with an attribute, which means nothing beside other JSON types.
    fn is_base64_of_0_3(&self, data: &RawValue) -> bool {
        self.attributes.get("specversion") == Some("0.3")
            && self.attributes.get("datacontentencoding").is_some()
            && is_string(data)
    }

    /// A JSON event without a content type equals one with `application/json` (1.0, `datacontenttype`),
    /// unless its payload is base64 (JSON format, 3.1.2).
    fn imply_json(&mut self) -> Result<(), InvalidAttribute> {
        match self.attributes.get("datacontenttype") {
            Some(_) => Ok(()),
            None => self.attributes.add(Draft::string("datacontenttype", "application/json")),
        }
    }

    /// A string of a content type that is not JSON is the payload's text; all else is JSON as it stands.
    fn value_or_text(
        &self,
        data: &RawValue,
        payload: &dyn Fn(&str) -> Bytes,
    ) -> Result<Data, InvalidAttribute> {
        let json = self.attributes.get("datacontenttype").is_some_and(media_type::is_json);
        if json || !is_string(data) {
            return Ok(Data::Json(payload(data.get())));
        }
        Ok(Data::Text(match string(data.get()).map_err(|rule| InvalidAttribute::new("data", rule))? {
            Cow::Borrowed(text) => payload(text),
            Cow::Owned(text) => Bytes::from(text),
        }))
    }
}

fn once<'a>(
    place: &mut Option<&'a RawValue>,
    name: &str,
    value: &'a RawValue,
) -> Result<(), InvalidAttribute> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(InvalidAttribute::new(name, "is given more than once")),
    }
}

fn is_string(value: &RawValue) -> bool {
    value.get().starts_with('"')
}

/// The canonical string form and type of an attribute's JSON value.
fn scalar(json: &str) -> Result<(Cow<'_, str>, Kind), Broken> {
    match json.as_bytes().first() {
        Some(b'"') => string(json).map(|text| (text, Kind::String)),
        Some(b't' | b'f') => Ok((Cow::Borrowed(json), Kind::Boolean)),
        Some(b'-' | b'0'..=b'9') => integer(json).map(|number| (number, Kind::Integer)),
        _ => Err(format!("must be a string, an integer or a boolean; got `{}`", excerpt(json))),
    }
}

fn integer(json: &str) -> Result<Cow<'_, str>, Broken> {
    match json.parse::<i32>() {
        Ok(0) => Ok(Cow::Borrowed("0")),
        Ok(_) => Ok(Cow::Borrowed(json)),
        Err(_) => Err(format!("a number must be an integer of at most 32 bits; got `{}`", excerpt(json))),
    }
}

/// Takes a JSON string out of its quotes; copies only if there is an escape.
fn string(json: &str) -> Result<Cow<'_, str>, Broken> {
    match json.strip_prefix('"').and_then(|j| j.strip_suffix('"')) {
        Some(text) if memchr::memchr(b'\\', text.as_bytes()).is_none() => Ok(Cow::Borrowed(text)),
        _ => serde_json::from_str(json)
            .map(Cow::Owned)
            .map_err(|_| format!("has an escape that is no Unicode character; got `{}`", excerpt(json))),
    }
}

fn decode_base64(name: &str, value: &RawValue) -> Result<Data, InvalidAttribute> {
    if !is_string(value) {
        let rule = format!("must be a base64 string; got `{}`", excerpt(value.get()));
        return Err(InvalidAttribute::new(name, rule));
    }
    let text = string(value.get()).map_err(|rule| InvalidAttribute::new(name, rule))?;
    let bytes = STANDARD
        .decode(text.as_bytes())
        .map_err(|e| InvalidAttribute::new(name, format!("must be base64 (RFC 4648, 4): {e}")))?;
    Ok(Data::Base64(Bytes::from(bytes)))
}
