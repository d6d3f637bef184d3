//! From and to the event of `cloudevents-sdk`, for Rust programs that know that type.
//!
//! That type holds less than ours, so a round trip keeps what an event means, not how it was written: `time` becomes
//! UTC, a schema a normalized URL, a JSON payload a value, and the content mode is forgotten. Bytes stay as they are.

use crate::{Attribute, Data, Event, InvalidAttribute, Kind};
use cloudevents::event::{ExtensionValue, SpecVersion, TryIntoTime, TryIntoUrl};
use cloudevents::{
    AttributesReader, AttributesWriter, Data as SdkData, Event as SdkEvent, EventBuilder, EventBuilderV03,
    EventBuilderV10,
};

impl TryFrom<&Event> for SdkEvent {
    type Error = InvalidAttribute;

    /// Refuses a time or schema that the SDK's types cannot hold, such as a relative `schemaurl`.
    fn try_from(event: &Event) -> Result<Self, InvalidAttribute> {
        let mut sdk = with_required(event)?;
        for attribute in event.attributes().skip(4) {
            copy(&attribute, &mut sdk)?;
        }
        if let Some(data) = data(event.data())? {
            sdk.set_data_unchecked(data);
        }
        Ok(sdk)
    }
}

impl TryFrom<&SdkEvent> for Event {
    type Error = InvalidAttribute;

    /// Checks every rule, of which the SDK checks few.
    fn try_from(sdk: &SdkEvent) -> Result<Self, InvalidAttribute> {
        let mut builder = Event::builder().data(sdk.data().map_or(Data::Absent, payload));
        for (name, value) in sdk.iter_attributes() {
            builder = builder.set(name, &value.to_string());
        }
        for (name, value) in sdk.iter_extensions() {
            builder = match value {
                ExtensionValue::String(text) => builder.set(name, text),
                ExtensionValue::Boolean(flag) => builder.set_kind(name, &flag.to_string(), Kind::Boolean),
                ExtensionValue::Integer(number) => builder.set_kind(name, &number.to_string(), Kind::Integer),
            };
        }
        builder.build()
    }
}

fn with_required(event: &Event) -> Result<SdkEvent, InvalidAttribute> {
    let (id, source, ty) = (event.id(), event.source(), event.ty());
    let built = match event.specversion() {
        "0.3" => EventBuilderV03::new().id(id).source(source).ty(ty).build(),
        _ => EventBuilderV10::new().id(id).source(source).ty(ty).build(),
    };
    built.map_err(|error| InvalidAttribute::new("specversion", error.to_string()))
}

fn copy(attribute: &Attribute<'_>, sdk: &mut SdkEvent) -> Result<(), InvalidAttribute> {
    let Attribute { name, value, kind, .. } = *attribute;
    let foreign = |error: &dyn std::error::Error| {
        InvalidAttribute::new(name, format!("has no equal in `cloudevents-sdk`: {error}"))
    };
    match (name, sdk.specversion()) {
        ("subject", _) => drop(sdk.set_subject(Some(value))),
        ("datacontenttype", _) => drop(sdk.set_datacontenttype(Some(value))),
        ("time", _) => drop(sdk.set_time(Some(value.into_time().map_err(|e| foreign(&e))?))),
        ("dataschema", SpecVersion::V10) | ("schemaurl", SpecVersion::V03) => {
            drop(sdk.set_dataschema(Some(value.into_url().map_err(|e| foreign(&e))?)));
        }
        // The SDK derives it from the payload.
        ("datacontentencoding", SpecVersion::V03) => {}
        _ => sdk.set_extension(name, extension(value, kind)),
    }
    Ok(())
}

fn extension(value: &str, kind: Kind) -> ExtensionValue {
    match (kind, value.parse::<i64>()) {
        (Kind::Integer, Ok(number)) => number.into(),
        (Kind::Boolean, _) => (value == "true").into(),
        (Kind::Integer | Kind::String, _) => value.into(),
    }
}

fn data(data: &Data) -> Result<Option<SdkData>, InvalidAttribute> {
    let invalid = |error: &dyn std::error::Error| InvalidAttribute::new("data", error.to_string());
    Ok(Some(match data {
        Data::Absent => return Ok(None),
        Data::Bytes(bytes) | Data::Base64(bytes) => SdkData::Binary(bytes.to_vec()),
        Data::Text(text) => SdkData::String(std::str::from_utf8(text).map_err(|e| invalid(&e))?.to_owned()),
        Data::Json(json) => SdkData::Json(serde_json::from_slice(json).map_err(|e| invalid(&e))?),
    }))
}

fn payload(data: &SdkData) -> Data {
    match data {
        SdkData::Binary(bytes) => Data::Base64(bytes.clone().into()),
        SdkData::String(text) => Data::Text(text.clone().into()),
        SdkData::Json(value) => Data::Json(value.to_string().into()),
    }
}
