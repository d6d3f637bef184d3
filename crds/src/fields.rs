//! Reads a document into a typed struct, knowing at every moment which field it is at.
//!
//! serde's own errors name no field, and its structs skip unknown fields in silence. This deserializer over a
//! JSON value names both. As in Kubernetes, a struct's field that is `null` counts as left out.

mod error;

use crate::nearest;
use crate::object::{field_path, item_path};
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Unexpected, Visitor};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

pub(crate) use error::FieldError;

/// What was read, and the fields nobody knows.
#[derive(Debug)]
pub(crate) struct Read<T> {
    pub(crate) value: T,
    /// Path of each unknown field, and what to say about it.
    pub(crate) unknown: Vec<(String, String)>,
}

/// Errors that are told of one object; nobody reads more of them at once.
const MOST_ERRORS: usize = 20;

/// Reads `value`, which stands at `path` of its document. All fields that do not fit are told, not only the first:
/// after each it is read again as if that field were left out.
pub(crate) fn read<T: DeserializeOwned>(value: &Value, path: &str) -> Result<Read<T>, Vec<FieldError>> {
    let (mut errors, mut left_out) = (Vec::new(), HashSet::new());
    loop {
        let notes = Notes { left_out: &left_out, unknown: RefCell::default() };
        let root = Path::Root(path);
        match at(T::deserialize(Node { value, path: root, notes: &notes }), root) {
            Ok(value) if errors.is_empty() => return Ok(Read { value, unknown: notes.unknown.into_inner() }),
            Ok(_) => return Err(errors),
            // It is missing because it was left out.
            Err(error) if error.is_missing && !errors.is_empty() => return Err(errors),
            Err(error) => {
                // The whole cannot be left out.
                let part = error.field.clone().filter(|field| field != path);
                let goes_on = part.is_some_and(|part| left_out.insert(part));
                errors.push(error);
                if !goes_on || errors.len() == MOST_ERRORS {
                    return Err(errors);
                }
            }
        }
    }
}

/// What is known from outside, and what is found on the way.
struct Notes<'n> {
    /// Paths of fields and items that count as left out.
    left_out: &'n HashSet<String>,
    unknown: RefCell<Vec<(String, String)>>,
}

impl Notes<'_> {
    fn leaves_out(&self, path: Path<'_>) -> bool {
        !self.left_out.is_empty() && self.left_out.contains(&path.to_string())
    }
}

/// The way to a value; becomes text only when something is wrong.
#[derive(Clone, Copy)]
enum Path<'p> {
    Root(&'p str),
    Field(&'p Path<'p>, &'p str),
    Item(&'p Path<'p>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::Root(path) => (*path).to_owned(),
            Self::Field(parent, name) => field_path(&parent.to_string(), name),
            Self::Item(parent, index) => item_path(&parent.to_string(), *index),
        })
    }
}

struct Node<'de, 'p> {
    value: &'de Value,
    path: Path<'p>,
    notes: &'p Notes<'p>,
}

/// Notes the field, unless a deeper one is noted already.
fn at<T>(result: Result<T, FieldError>, path: Path<'_>) -> Result<T, FieldError> {
    result.map_err(|error| FieldError { field: error.field.or_else(|| Some(path.to_string())), ..error })
}

impl<'de> de::Deserializer<'de> for Node<'de, '_> {
    type Error = FieldError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(n), _) => visitor.visit_i64(n),
                (None, Some(n)) => visitor.visit_u64(n),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::Array(items) => visitor.visit_seq(Items { node: self, items: items.iter().enumerate() }),
            Value::Object(fields) => {
                visitor.visit_map(Fields { node: self, known: None, fields: fields.iter(), next: None })
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        let Value::Object(fields) = self.value else {
            return Err(de::Error::invalid_type(unexpected(self.value), &"an object with fields"));
        };
        visitor.visit_map(Fields { node: self, known: Some(known), fields: fields.iter(), next: None })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        let Some(text) = self.value.as_str() else {
            return Err(de::Error::invalid_type(unexpected(self.value), &"a word"));
        };
        let word: StrDeserializer<'_, FieldError> = text.into_deserializer();
        visitor.visit_enum(word)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map identifier
    }
}

struct Items<'de, 'p> {
    node: Node<'de, 'p>,
    items: std::iter::Enumerate<std::slice::Iter<'de, Value>>,
}

impl<'de> de::SeqAccess<'de> for Items<'de, '_> {
    type Error = FieldError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, FieldError> {
        for (index, value) in self.items.by_ref() {
            let path = Path::Item(&self.node.path, index);
            if !self.node.notes.leaves_out(path) {
                return at(seed.deserialize(Node { value, path, notes: self.node.notes }), path).map(Some);
            }
        }
        Ok(None)
    }
}

struct Fields<'de, 'p> {
    node: Node<'de, 'p>,
    /// The names of a struct; `None` for a map, where every name is welcome.
    known: Option<&'static [&'static str]>,
    fields: serde_json::map::Iter<'de>,
    next: Option<(&'de str, &'de Value)>,
}

impl<'de> de::MapAccess<'de> for Fields<'de, '_> {
    type Error = FieldError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, FieldError> {
        for (name, value) in self.fields.by_ref() {
            if self.node.notes.leaves_out(Path::Field(&self.node.path, name)) {
                continue;
            }
            if let Some(known) = self.known {
                if !known.contains(&name.as_str()) {
                    let path = Path::Field(&self.node.path, name).to_string();
                    let hint = nearest::hint(name, known.iter().copied());
                    self.node
                        .notes
                        .unknown
                        .borrow_mut()
                        .push((path, format!("unknown field, it is ignored{hint}")));
                    continue;
                }
                if value.is_null() {
                    continue;
                }
            }
            self.next = Some((name, value));
            return seed.deserialize(name.as_str().into_deserializer()).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, FieldError> {
        let (name, value) = self.next.take().expect("serde asks for a value after its key");
        let path = Path::Field(&self.node.path, name);
        at(seed.deserialize(Node { value, path, notes: self.node.notes }), path)
    }
}

fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(value) => Unexpected::Bool(*value),
        Value::Number(number) => Unexpected::Float(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => Unexpected::Str(text),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Sample {
        count: i32,
        names: Vec<String>,
        labels: BTreeMap<String, String>,
        inner: Option<Box<Sample>>,
        policy: Option<Policy>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Policy {
        Linear,
        Exponential,
    }

    fn wrong(value: &Value) -> (String, String) {
        let error = read::<Sample>(value, "spec").unwrap_err().remove(0);
        (error.field.unwrap(), error.message)
    }

    #[test]
    fn null_fields_count_as_left_out() {
        let read = read::<Sample>(&json!({"count": null, "names": null, "inner": {"count": 3}}), "").unwrap();
        assert_eq!(read.value.inner.unwrap().count, 3);
        assert!(read.unknown.is_empty());
    }

    #[test]
    fn unknown_fields_are_named_with_their_path() {
        let read = read::<Sample>(&json!({"inner": {"cuont": 1}, "nmes": [], "zzz": 1}), "spec").unwrap();
        let fields: Vec<_> = read.unknown.iter().map(|(field, why)| format!("{field}: {why}")).collect();
        assert_eq!(
            fields,
            [
                "spec.inner.cuont: unknown field, it is ignored, did you mean `count`?",
                "spec.nmes: unknown field, it is ignored, did you mean `names`?",
                "spec.zzz: unknown field, it is ignored",
            ]
        );
    }

    #[test]
    fn every_error_is_told_at_its_own_place() {
        let value = json!({
            "count": "5",
            "names": ["a", 5, "b", true],
            "inner": {"policy": "exponentail", "count": []},
            "labels": {"a.b/c": 1, "d": "e"},
        });
        let errors = read::<Sample>(&value, "spec").unwrap_err();
        let mut fields: Vec<_> = errors.iter().map(|error| error.field.as_deref().unwrap()).collect();
        fields.sort_unstable();
        assert_eq!(
            fields,
            [
                "spec.count",
                "spec.inner.count",
                "spec.inner.policy",
                "spec.labels[a.b/c]",
                "spec.names[1]",
                "spec.names[3]"
            ]
        );
        let many = json!({ "names": vec![5; 1000] });
        assert_eq!(read::<Sample>(&many, "spec").unwrap_err().len(), MOST_ERRORS);
        assert_eq!(read::<Sample>(&json!([]), "spec").unwrap_err().len(), 1);
    }

    #[test]
    fn errors_name_the_deepest_field() {
        assert_eq!(wrong(&json!({"inner": {"names": ["a", 5]}})).0, "spec.inner.names[1]");
        assert_eq!(
            wrong(&json!({"labels": {"a.b/c": true}})),
            (
                "spec.labels[a.b/c]".into(),
                "a string is expected here, not boolean `true`: put it in quotes".into()
            )
        );
        assert_eq!(wrong(&json!({"count": 5_000_000_000_i64})).0, "spec.count");
        assert_eq!(wrong(&json!({"count": "5"})).0, "spec.count");
        assert_eq!(
            wrong(&json!({"policy": "exponentail"})),
            (
                "spec.policy".into(),
                "`exponentail` is not one of `linear`, `exponential`, did you mean `exponential`?".into()
            )
        );
        assert_eq!(wrong(&json!([])).0, "spec");
    }
}
