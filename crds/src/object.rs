//! One declared object, as it was written.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Who an object is: kind, namespace, name. The file it lies in is no part of that.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// The kind, for example `Trigger`.
    pub kind: String,
    /// The namespace; `default` when the manifest names none.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl fmt::Display for ObjectId {
    /// `Kind/NS/NAME`, the key of `broker_core::Readiness`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.kind, self.namespace, self.name)
    }
}

/// One document of a manifest.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Who it is.
    pub id: ObjectId,
    /// `group/version` as written.
    pub api_version: String,
    /// The whole document.
    pub value: Value,
    /// Where it was written.
    pub origin: Origin,
}

/// Where an object was written, with the lines of its fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub file: Option<PathBuf>,
    /// Line of the document's first field.
    pub line: Option<u32>,
    /// Lines of fields by path (`spec.filters[0].prefix`), where known. Paths are made by
    /// [`field_path`] and [`item_path`].
    pub lines: BTreeMap<String, u32>,
}

/// Why a document is no object: nobody can say which object it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ObjectError {
    /// The field that is missing or wrong; empty for the whole document.
    pub field: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl Object {
    /// Reads who the object is; nothing else of the document is judged.
    ///
    /// # Errors
    /// When `apiVersion`, `kind` or `metadata.name` are missing, or a name is none that Kubernetes allows.
    pub fn new(value: Value, origin: Origin) -> Result<Self, ObjectError> {
        if !value.is_object() {
            return Err(refused("", "not an object: a document needs `apiVersion`, `kind` and `metadata`"));
        }
        let api_version = text(&value, "/apiVersion", "apiVersion")?;
        let kind = text(&value, "/kind", "kind")?;
        let name = text(&value, "/metadata/name", "metadata.name")?;
        let namespace = match value.pointer("/metadata/namespace") {
            None | Some(Value::Null) => "default".to_owned(),
            Some(_) => text(&value, "/metadata/namespace", "metadata.namespace")?,
        };
        check_name("metadata.name", &name, 253, true)?;
        check_name("metadata.namespace", &namespace, 63, false)?;
        Ok(Self { id: ObjectId { kind, namespace, name }, api_version, value, origin })
    }

    /// Line of the field, or of the nearest one around it that is known.
    #[must_use]
    pub fn line_of(&self, field: &str) -> Option<u32> {
        let mut path = field;
        loop {
            if let Some(line) = self.origin.lines.get(path) {
                return Some(*line);
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = &path[..end],
                None => return self.origin.line,
            }
        }
    }
}

/// The path of a field inside `parent`; names that hold a dot stand in brackets, as annotations do.
#[must_use]
pub fn field_path(parent: &str, name: &str) -> String {
    match name {
        _ if name.contains(['.', '/', '[']) => format!("{parent}[{name}]"),
        _ if parent.is_empty() => name.to_owned(),
        _ => format!("{parent}.{name}"),
    }
}

/// The path of an item of the list `parent`.
#[must_use]
pub fn item_path(parent: &str, index: usize) -> String {
    format!("{parent}[{index}]")
}

fn text(value: &Value, pointer: &str, field: &str) -> Result<String, ObjectError> {
    match value.pointer(pointer) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(Value::String(_) | Value::Null) | None => {
            Err(refused(field, &format!("`{field}` is missing: nobody can say which object this is")))
        }
        Some(_) => Err(refused(field, "must be text: put it in quotes")),
    }
}

fn check_name(field: &str, name: &str, max: usize, dots: bool) -> Result<(), ObjectError> {
    let inside = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-' || (dots && c == b'.');
    let ends = |c: Option<&u8>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let bytes = name.as_bytes();
    if bytes.len() <= max && bytes.iter().all(|c| inside(*c)) && ends(bytes.first()) && ends(bytes.last()) {
        return Ok(());
    }
    let dots = if dots { ", dots" } else { "" };
    Err(refused(
        field,
        &format!(
            "`{}` is no valid name: up to {max} lower-case letters, digits, dashes{dots}, with a letter or digit at both ends",
            name.escape_debug()
        ),
    ))
}

fn refused(field: &str, message: &str) -> ObjectError {
    ObjectError { field: field.to_owned(), message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> Result<Object, ObjectError> {
        Object::new(value, Origin::default())
    }

    #[test]
    fn a_namespace_left_out_is_default() {
        let o = object(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}})).unwrap();
        assert_eq!(o.id.to_string(), "Secret/default/a");
    }

    #[test]
    fn without_identity_there_is_no_object() {
        for (value, field) in [
            (json!([]), ""),
            (json!({"kind": "Broker", "metadata": {"name": "a"}}), "apiVersion"),
            (json!({"apiVersion": "v1", "metadata": {"name": "a"}}), "kind"),
            (json!({"apiVersion": "v1", "kind": "Secret", "metadata": {}}), "metadata.name"),
            (json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": 5}}), "metadata.name"),
            (json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a/b"}}), "metadata.name"),
            (json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "-a"}}), "metadata.name"),
            (
                json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "a.b"}}),
                "metadata.namespace",
            ),
        ] {
            assert_eq!(object(value).unwrap_err().field, field);
        }
    }

    #[test]
    fn a_line_is_that_of_the_nearest_field_known() {
        let mut o = object(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}})).unwrap();
        o.origin.line = Some(1);
        o.origin.lines.insert("spec.filters[0]".to_owned(), 9);
        assert_eq!(o.line_of("spec.filters[0].prefix.type"), Some(9));
        assert_eq!(o.line_of("spec.subscriber"), Some(1));
    }
}
