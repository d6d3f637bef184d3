//! What is wrong with a manifest, for people.

use serde::{Serialize, Serializer};
use std::fmt;
use std::path::{Path, PathBuf};

/// One thing that is wrong, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, where the object came from one.
    pub file: Option<PathBuf>,
    /// Line in that file, from 1.
    pub line: Option<u32>,
    /// Kind of the object; empty when the file could not be read at all.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The field as a path, for example `spec.filters[0].prefix.type`.
    pub field: String,
    /// Whether the object is out of force.
    pub severity: Severity,
    /// What is wrong and what to do.
    pub message: String,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The object stays in force.
    Warning,
    /// The object, or this version or a part of it, is not in force.
    Error,
}

impl Problem {
    /// A file or folder that cannot be used as it is.
    #[must_use]
    pub fn of_file(file: &Path, line: Option<u32>, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            file: Some(file.to_path_buf()),
            line,
            kind: String::new(),
            namespace: String::new(),
            name: String::new(),
            field: String::new(),
            severity,
            message: message.into(),
        }
    }
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

impl Serialize for Problem {
    /// As `sluice check -o json` prints it: `name` is `NS/NAME`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Json<'a> {
            file: Option<std::borrow::Cow<'a, str>>,
            line: Option<u32>,
            kind: &'a str,
            name: String,
            field: &'a str,
            severity: Severity,
            message: &'a str,
        }
        let name = match self.name.is_empty() {
            true => String::new(),
            false => format!("{}/{}", self.namespace, self.name),
        };
        Json {
            file: self.file.as_ref().map(|file| file.to_string_lossy()),
            line: self.line,
            kind: &self.kind,
            name,
            field: &self.field,
            severity: self.severity,
            message: &self.message,
        }
        .serialize(serializer)
    }
}
