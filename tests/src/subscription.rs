//! Channels and Subscriptions, as a user would write them.

use std::fmt;

/// A Channel in the namespace `default`; `annotations` and `delivery` are lines of `name: value`.
#[must_use]
pub fn channel(name: &str, annotations: &[&str], delivery: &[&str]) -> String {
    let (annotations, delivery) = (annotations.join(", "), delivery.join(", "));
    format!(
        "apiVersion: messaging.knative.dev/v1\nkind: Channel\nmetadata:\n  name: {name}\n  annotations: {{{annotations}}}\nspec:\n  delivery: {{{delivery}}}\n---\n"
    )
}

/// A reference to another object, as a destination.
#[must_use]
pub fn reference(api_version: &str, kind: &str, name: &str) -> String {
    format!("{{ref: {{apiVersion: {api_version}, kind: {kind}, name: {name}}}}}")
}

/// A Subscription of the Channel `jobs` in the namespace `default`.
#[derive(Clone, Debug)]
pub struct Subscription {
    name: String,
    channel: String,
    annotations: Vec<String>,
    recipients: Vec<String>,
    delivery: Vec<String>,
}

impl Subscription {
    /// A Subscription that says nobody yet.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let (name, channel) = (name.to_owned(), "jobs".to_owned());
        Self { name, channel, annotations: Vec::new(), recipients: Vec::new(), delivery: Vec::new() }
    }

    /// Of another Channel.
    #[must_use]
    pub fn of(mut self, channel: &str) -> Self {
        channel.clone_into(&mut self.channel);
        self
    }

    /// Sends the events to this URL.
    #[must_use]
    pub fn to(self, uri: &str) -> Self {
        self.says(&format!("subscriber: {{uri: '{uri}'}}"))
    }

    /// Sends the answers to this URL.
    #[must_use]
    pub fn replies_to(self, uri: &str) -> Self {
        self.says(&format!("reply: {{uri: '{uri}'}}"))
    }

    /// Adds a line to `spec`.
    #[must_use]
    pub fn says(mut self, line: &str) -> Self {
        self.recipients.push(line.to_owned());
        self
    }

    /// Adds an annotation, as `name: value`.
    #[must_use]
    pub fn annotated(mut self, line: &str) -> Self {
        self.annotations.push(line.to_owned());
        self
    }

    /// Adds a field of `delivery`, as `name: value`.
    #[must_use]
    pub fn delivery(mut self, line: &str) -> Self {
        self.delivery.push(line.to_owned());
        self
    }
}

impl fmt::Display for Subscription {
    /// The YAML document.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, channel, annotations, recipients, delivery } = self;
        writeln!(f, "apiVersion: messaging.knative.dev/v1\nkind: Subscription\nmetadata:\n  name: {name}")?;
        writeln!(f, "  annotations: {{{}}}\nspec:", annotations.join(", "))?;
        writeln!(f, "  channel: {{apiVersion: messaging.knative.dev/v1, kind: Channel, name: {channel}}}")?;
        recipients.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        if !delivery.is_empty() {
            writeln!(f, "  delivery: {{{}}}", delivery.join(", "))?;
        }
        f.write_str("---\n")
    }
}
