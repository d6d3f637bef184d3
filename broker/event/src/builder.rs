//! Making an event, or another one from an event.

use crate::draft::{Draft, Drafts};
use crate::{Data, Event, InvalidAttribute, Kind, Mode};
use serde::de::IgnoredAny;

/// Collects attributes and a payload, and checks every rule once in [`EventBuilder::build`].
#[derive(Clone, Debug, Default)]
pub struct EventBuilder {
    attributes: Vec<Draft<'static>>,
    data: Data,
    /// The payload is not one of an event, so nobody has checked it yet.
    data_is_new: bool,
    mode: Mode,
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
        let draft = Draft { kind, ..Draft::string(name.to_owned(), value.to_owned()) };
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
        self.data_is_new = true;
        self
    }

    /// Sets the content mode it leaves in by default.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Checks every rule and makes the event; `specversion` is `1.0` unless it was set.
    ///
    /// # Errors
    /// The first attribute that is missing or breaks a rule; `data` when [`Data::Json`] is not JSON or
    /// [`Data::Text`] is not UTF-8.
    pub fn build(self) -> Result<Event, InvalidAttribute> {
        if self.data_is_new {
            check(&self.data)?;
        }
        let mut drafts = Drafts::default();
        for draft in self.attributes {
            drafts.add(draft)?;
        }
        if drafts.get("specversion").is_none() {
            drafts.add(Draft::string("specversion", "1.0"))?;
        }
        drafts.into_event(self.data, self.mode)
    }
}

impl From<&Event> for EventBuilder {
    fn from(event: &Event) -> Self {
        let attributes = event
            .attributes()
            .map(|a| Draft {
                name: a.name.to_owned().into(),
                value: a.value.to_owned().into(),
                raw: a.raw.map(|raw| raw.to_owned().into()),
                kind: a.kind,
            })
            .collect();
        Self { attributes, data: event.data().clone(), data_is_new: false, mode: event.mode() }
    }
}

/// What the JSON format writes as it is must be what it claims to be.
fn check(data: &Data) -> Result<(), InvalidAttribute> {
    let text = match data {
        Data::Absent | Data::Bytes(_) | Data::Base64(_) => return Ok(()),
        Data::Json(bytes) | Data::Text(bytes) => std::str::from_utf8(bytes)
            .map_err(|e| InvalidAttribute::new("data", format!("must be UTF-8: {e}")))?,
    };
    if matches!(data, Data::Json(_)) {
        serde_json::from_str::<IgnoredAny>(text)
            .map_err(|e| InvalidAttribute::new("data", format!("must be JSON: {e}")))?;
    }
    Ok(())
}
