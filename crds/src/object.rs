//! One declared object, as it was written.

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
    pub value: serde_json::Value,
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
    /// Lines of fields by path (`spec.filters[0].prefix`), where known.
    pub lines: std::collections::BTreeMap<String, u32>,
}
