//! Collects what is wrong with one object.

use crate::{Object, Problem, Severity};

/// Problems of one object; each gets the line of its field.
pub(crate) struct Report<'a> {
    object: &'a Object,
    problems: Vec<Problem>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(object: &'a Object) -> Self {
        Self { object, problems: Vec::new() }
    }

    /// The object cannot be in force as it is.
    pub(crate) fn error(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Error, field.into(), message.into());
    }

    /// Worth knowing; the object stays in force.
    pub(crate) fn warning(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Warning, field.into(), message.into());
    }

    /// Unwraps what was parsed; an `Err` becomes an error at `field`.
    pub(crate) fn take<T>(&mut self, field: &str, parsed: Result<T, String>) -> Option<T> {
        parsed.map_err(|message| self.error(field, message)).ok()
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    fn add(&mut self, severity: Severity, field: String, message: String) {
        let id = &self.object.id;
        self.problems.push(Problem {
            file: self.object.origin.file.clone(),
            line: self.object.line_of(&field),
            kind: id.kind.clone(),
            namespace: id.namespace.clone(),
            name: id.name.clone(),
            field,
            severity,
            message,
        });
    }
}
