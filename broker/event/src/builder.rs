//! Making an event, or another one from an event.

use crate::event::{Slot, Span};
use crate::{Data, Event, InvalidAttribute, Kind, Mode};

/// Collects attributes and a payload, and checks every rule once in [`EventBuilder::build`].
#[derive(Clone, Debug, Default)]
pub struct EventBuilder {
    attributes: Vec<Draft>,
    data: Data,
    mode: Mode,
}

#[derive(Clone, Debug)]
struct Draft {
    name: String,
    value: String,
    raw: Option<String>,
    kind: Kind,
}

impl EventBuilder {
    /// Sets a string attribute; a second call for the same name replaces the first.
    #[must_use]
    pub fn set(self, name: &str, value: &str) -> Self {
        self.set_kind(name, value, Kind::String)
    }

    /// Sets an attribute of a given JSON type from its canonical string form.
    #[must_use]
    pub fn set_kind(mut self, name: &str, value: &str, kind: Kind) -> Self {
        let draft = Draft { name: name.to_owned(), value: value.to_owned(), raw: None, kind };
        match self.attributes.iter_mut().find(|d| d.name == name) {
            Some(old) => *old = draft,
            None => self.attributes.push(draft),
        }
        self
    }

    /// Removes an attribute if it is there.
    #[must_use]
    pub fn unset(mut self, name: &str) -> Self {
        self.attributes.retain(|d| d.name != name);
        self
    }

    /// Sets the payload.
    #[must_use]
    pub fn data(mut self, data: Data) -> Self {
        self.data = data;
        self
    }

    /// Sets the content mode it leaves in by default.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Checks every rule and makes the event.
    ///
    /// # Errors
    /// The first attribute that is missing or breaks a rule.
    pub fn build(mut self) -> Result<Event, InvalidAttribute> {
        if !self.attributes.iter().any(|d| d.name == "specversion") {
            self = self.set("specversion", "1.0");
        }
        for required in ["id", "source", "type"] {
            if !self.attributes.iter().any(|d| d.name == required && !d.value.is_empty()) {
                return Err(InvalidAttribute {
                    name: required.to_owned(),
                    rule: "is required and must not be empty".to_owned(),
                });
            }
        }
        self.attributes.sort_by_key(|d| match d.name.as_str() {
            "specversion" => 0,
            "id" => 1,
            "source" => 2,
            "type" => 3,
            _ => 4,
        });
        Ok(self.assemble())
    }

    fn assemble(self) -> Event {
        let mut text = String::new();
        let mut push = |s: &str| {
            let start = text.len() as u32;
            text.push_str(s);
            Span { start, end: text.len() as u32 }
        };
        let slots = self
            .attributes
            .iter()
            .map(|d| Slot {
                name: push(&d.name),
                value: push(&d.value),
                raw: d.raw.as_deref().map(&mut push),
                kind: d.kind,
            })
            .collect();
        Event { text: text.into_boxed_str(), slots, data: self.data, mode: self.mode }
    }
}

impl From<&Event> for EventBuilder {
    fn from(event: &Event) -> Self {
        let attributes = event
            .attributes()
            .map(|a| Draft {
                name: a.name.to_owned(),
                value: a.value.to_owned(),
                raw: a.raw.map(str::to_owned),
                kind: a.kind,
            })
            .collect();
        Self { attributes, data: event.data().clone(), mode: event.mode() }
    }
}
