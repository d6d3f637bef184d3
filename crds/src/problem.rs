//! What is wrong with a manifest, for people.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt::{self, Write};
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// `file:line: Kind ns/name: field: what is wrong and what to do`, on one line whatever the manifest holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = OneLine(f);
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

/// Escapes control characters: a line break would begin another problem, an escape sequence colour the terminal.
struct OneLine<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl Write for OneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| match c.is_control() {
            true => write!(self.0, "{}", c.escape_default()),
            false => self.0.write_char(c),
        })
    }
}

/// As `sluice check -o json` prints it: `name` is `NS/NAME`.
#[derive(Serialize, Deserialize)]
struct Json<'a> {
    file: Option<Cow<'a, str>>,
    line: Option<u32>,
    kind: Cow<'a, str>,
    name: Cow<'a, str>,
    field: Cow<'a, str>,
    severity: Severity,
    message: Cow<'a, str>,
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = match self.name.is_empty() {
            true => String::new(),
            false => format!("{}/{}", self.namespace, self.name),
        };
        Json {
            file: self.file.as_ref().map(|file| file.to_string_lossy()),
            line: self.line,
            kind: Cow::Borrowed(&self.kind),
            name: name.into(),
            field: Cow::Borrowed(&self.field),
            severity: self.severity,
            message: Cow::Borrowed(&self.message),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Problem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        let (namespace, name) = json.name.split_once('/').unwrap_or_default();
        Ok(Self {
            file: json.file.map(|file| PathBuf::from(file.as_ref())),
            line: json.line,
            kind: json.kind.into_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            field: json.field.into_owned(),
            severity: json.severity,
            message: json.message.into_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_one_line() {
        let message = "there is no Broker `a\nb`\u{1b}[31m";
        let mut problem = Problem::of_file(Path::new("mesh\n.yaml"), Some(3), Severity::Error, message);
        problem.field = "spec.x\ry".to_owned();
        let text = problem.to_string();
        assert_eq!(text, r"mesh\n.yaml:3: spec.x\ry: there is no Broker `a\nb`\u{1b}[31m");
    }
}
