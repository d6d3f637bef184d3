//! The YAML that a story needs, as a user would write it.

use std::fmt::{self, Write};

/// A Broker in the namespace `default`; `annotations` are lines of `name: value`.
#[must_use]
pub fn broker(name: &str, annotations: &[&str]) -> String {
    let mut yaml = format!("apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata:\n  name: {name}\n");
    annotate(&mut yaml, annotations);
    yaml + "---\n"
}

/// A flow of this kind in the namespace `default`; `spec` are lines of YAML.
#[must_use]
pub fn flow(kind: &str, name: &str, spec: &[String]) -> String {
    let spec: String = spec.iter().flat_map(|part| part.lines()).map(|line| format!("  {line}\n")).collect();
    format!("apiVersion: flows.knative.dev/v1\nkind: {kind}\nmetadata:\n  name: {name}\nspec:\n{spec}---\n")
}

/// A Trigger of the Broker `shop` in the namespace `default`.
#[derive(Clone, Debug)]
pub struct Trigger {
    name: String,
    uri: String,
    annotations: Vec<String>,
    filter: Vec<String>,
    delivery: Vec<String>,
}

impl Trigger {
    /// A Trigger that sends everything to `uri`.
    #[must_use]
    pub fn new(name: &str, uri: &str) -> Self {
        let (name, uri) = (name.to_owned(), uri.to_owned());
        Self { name, uri, annotations: Vec::new(), filter: Vec::new(), delivery: Vec::new() }
    }

    /// Only events of this type.
    #[must_use]
    pub fn of_type(mut self, ty: &str) -> Self {
        self.filter.push(format!("type: {ty}"));
        self
    }

    /// Adds an annotation, as a line of YAML.
    #[must_use]
    pub fn annotated(mut self, line: &str) -> Self {
        self.annotations.push(line.to_owned());
        self
    }

    /// Adds a line to `delivery`.
    #[must_use]
    pub fn delivery(mut self, line: &str) -> Self {
        self.delivery.push(line.to_owned());
        self
    }

    /// Sets the dead letter sink.
    #[must_use]
    pub fn dead_letters_to(self, uri: &str) -> Self {
        self.delivery(&format!("deadLetterSink: {{uri: \"{uri}\"}}"))
    }
}

impl fmt::Display for Trigger {
    /// The YAML document.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        let mut yaml =
            format!("apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata:\n  name: {name}\n");
        annotate(&mut yaml, &self.annotations);
        yaml.push_str("spec:\n  broker: shop\n");
        section(&mut yaml, "  filter:\n    attributes:\n", 6, &self.filter)?;
        section(&mut yaml, "  delivery:\n", 4, &self.delivery)?;
        writeln!(yaml, "  subscriber:\n    uri: \"{}\"\n---", self.uri)?;
        f.write_str(&yaml)
    }
}

fn annotate(yaml: &mut String, lines: &[impl AsRef<str>]) {
    // Writing into a string cannot fail.
    let _ = section(yaml, "  annotations:\n", 4, lines);
}

fn section(yaml: &mut String, title: &str, indent: usize, lines: &[impl AsRef<str>]) -> fmt::Result {
    if !lines.is_empty() {
        yaml.push_str(title);
    }
    lines.iter().try_for_each(|line| writeln!(yaml, "{:indent$}{}", "", line.as_ref()))
}
