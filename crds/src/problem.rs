//! What is wrong with a manifest, for people.

use std::fmt;
use std::path::PathBuf;

/// One thing that is wrong, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// The file, where the object came from one.
    pub file: Option<PathBuf>,
    /// Line in that file, from 1.
    pub line: Option<u32>,
    /// Kind of the object; empty when the file could not be read at all.
    pub kind: String,
    /// Its namespace.
    #[serde(skip)]
    pub namespace: String,
    /// Its name, as `NS/NAME` in JSON.
    pub name: String,
    /// The field as a path, for example `spec.filters[0].prefix.type`.
    pub field: String,
    /// Whether the object is out of force.
    pub severity: Severity,
    /// What is wrong and what to do.
    pub message: String,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The object stays in force.
    Warning,
    /// The object (or this version of it) is not in force.
    Error,
}

impl fmt::Display for Problem {
    /// `file:line: Kind ns/name: field: what is wrong and what to do`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}:", file.display())?;
            match self.line {
                Some(line) => write!(f, "{line}: ")?,
                None => f.write_str(" ")?,
            }
        }
        if !self.kind.is_empty() {
            write!(f, "{} {}/{}: ", self.kind, self.namespace, self.name)?;
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.message)
    }
}
