//! Reading JSON events: one pass over the text, values borrowed from it.

use super::members::{Members, Name};
use crate::http::DecodeError;
use crate::{Event, InvalidAttribute};
use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Reads one JSON event; its payload is a slice of `json` where no escape stands in the way.
///
/// # Errors
/// One line that names the member and the rule.
pub fn decode(json: &Bytes) -> Result<Event, DecodeError> {
    let mut broken = None;
    let event = EventSeed { broken: &mut broken, payload: &|text| json.slice_ref(text.as_bytes()) };
    document(json, event).map_err(|syntax| match broken {
        Some(rule) => rule.into(),
        None => DecodeError::Invalid(syntax),
    })
}

/// Reads a JSON array of events. All or nothing: the error names the index, from 0.
///
/// Payloads are copied, so that one event that waits long does not keep the whole batch in memory.
///
/// # Errors
/// One line that names the index, the member and the rule.
pub fn decode_batch(json: &Bytes) -> Result<Vec<Event>, DecodeError> {
    let mut place = Place::default();
    let events = document(json, BatchSeed { place: &mut place });
    events.map_err(|syntax| {
        let rule = place.broken.map_or(syntax, |rule| rule.to_string());
        DecodeError::Invalid(match place.index {
            Some(index) => format!("batch member {index}: {rule}"),
            None => rule,
        })
    })
}

/// Runs one seed over the whole text.
fn document<'de, S: DeserializeSeed<'de>>(json: &'de Bytes, seed: S) -> Result<S::Value, String> {
    let text = std::str::from_utf8(json)
        .map_err(|e| format!("the body is not UTF-8, byte {} is wrong", e.valid_up_to()))?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = seed.deserialize(&mut deserializer).map_err(|e| syntax(&e))?;
    deserializer.end().map_err(|e| syntax(&e))?;
    Ok(value)
}

/// The message may quote the input (escaped) at any length.
fn syntax(error: &serde_json::Error) -> String {
    const SHOWN: usize = 200;
    let message: String = error.to_string().chars().take(SHOWN).collect();
    format!("the body is not as the JSON format wants it: {message}")
}

/// Reads one event. A broken rule is left in `broken`: a serde error would add its own words to it.
struct EventSeed<'b> {
    broken: &'b mut Option<InvalidAttribute>,
    /// Makes payload bytes of a part of the input.
    payload: &'b dyn Fn(&str) -> Bytes,
}

impl EventSeed<'_> {
    fn read<'de, A: MapAccess<'de>>(&mut self, mut map: A) -> Result<Event, A::Error> {
        let mut members = Members::default();
        while let Some(Name(name)) = map.next_key()? {
            let value: &'de RawValue = map.next_value()?;
            self.keep(members.take(name, value))?;
        }
        self.keep(members.into_event(self.payload))
    }

    fn keep<T, E: Error>(&mut self, result: Result<T, InvalidAttribute>) -> Result<T, E> {
        result.map_err(|rule| {
            *self.broken = Some(rule);
            E::custom("a rule is broken")
        })
    }
}

impl<'de> DeserializeSeed<'de> for EventSeed<'_> {
    type Value = Event;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Event, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EventSeed<'_> {
    type Value = Event;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object that is one event")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, map: A) -> Result<Event, A::Error> {
        self.read(map)
    }
}

/// Where in a batch reading is, and what rule was broken there.
#[derive(Default)]
struct Place {
    index: Option<usize>,
    broken: Option<InvalidAttribute>,
}

struct BatchSeed<'p> {
    place: &'p mut Place,
}

impl<'de> DeserializeSeed<'de> for BatchSeed<'_> {
    type Value = Vec<Event>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Event>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for BatchSeed<'_> {
    type Value = Vec<Event>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<Event>, A::Error> {
        let mut events = Vec::new();
        let copy = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        loop {
            self.place.index = Some(events.len());
            let seed = EventSeed { broken: &mut self.place.broken, payload: &copy };
            match seq.next_element_seed(seed)? {
                Some(event) => events.push(event),
                None => break,
            }
        }
        self.place.index = None;
        Ok(events)
    }
}
