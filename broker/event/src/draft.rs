//! Attributes on their way into an event: every event of the program is made here, whatever it came from.

use crate::event::{Slot, Span};
use crate::rule;
use crate::{Data, Event, InvalidAttribute, Kind, Mode};
use smallvec::SmallVec;
use std::borrow::Cow;

/// Bounds the search for duplicates and what a damaged record can ask for; events have some ten attributes.
pub(crate) const MAX_ATTRIBUTES: usize = 256;

/// One attribute, not checked yet.
#[derive(Clone, Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) value: Cow<'a, str>,
    pub(crate) raw: Option<Cow<'a, str>>,
    pub(crate) kind: Kind,
}

/// The attributes of one event, names checked, each name once.
#[derive(Debug, Default)]
pub(crate) struct Drafts<'a> {
    list: SmallVec<[Draft<'a>; 12]>,
}

impl<'a> Drafts<'a> {
    /// Takes one attribute more; its value is checked when the version is known.
    pub(crate) fn add(&mut self, draft: Draft<'a>) -> Result<(), InvalidAttribute> {
        rule::name(&draft.name)?;
        if self.get(&draft.name).is_some() {
            return Err(InvalidAttribute::new(&draft.name, "is given more than once"));
        }
        if self.list.len() >= MAX_ATTRIBUTES {
            let rule = format!("is one too many, an event has at most {MAX_ATTRIBUTES} attributes");
            return Err(InvalidAttribute::new(&draft.name, rule));
        }
        self.list.push(draft);
        Ok(())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.list.iter().find(|d| d.name == name).map(|d| d.value.as_ref())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Checks every value and lays the event out.
    pub(crate) fn into_event(mut self, data: Data, mode: Mode) -> Result<Event, InvalidAttribute> {
        for (place, name) in rule::REQUIRED.into_iter().enumerate() {
            match self.list.iter().position(|d| d.name == name) {
                Some(found) => self.list[place..=found].rotate_right(1),
                None => return Err(InvalidAttribute::new(name, "is required")),
            }
        }
        let version = self.list[0].value.as_ref();
        for draft in &self.list {
            rule::value(draft, version)?;
        }
        self.lay_out(data, mode)
    }

    fn lay_out(self, data: Data, mode: Mode) -> Result<Event, InvalidAttribute> {
        let size: usize = self.list.iter().map(Draft::size).sum();
        if u32::try_from(size).is_err() {
            return Err(InvalidAttribute::new("specversion", "all attributes together must be below 4 GiB"));
        }
        let mut text = String::with_capacity(size);
        let slots = self
            .list
            .iter()
            .map(|draft| Slot {
                name: append(&mut text, &draft.name),
                value: append(&mut text, &draft.value),
                raw: draft.raw.as_deref().map(|raw| append(&mut text, raw)),
                kind: draft.kind,
            })
            .collect();
        Ok(Event { text: text.into_boxed_str(), slots, data, mode })
    }
}

impl<'a> Draft<'a> {
    /// An attribute of JSON type string without a header of its own.
    pub(crate) fn string(name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        Self { name: name.into(), value: value.into(), raw: None, kind: Kind::String }
    }

    fn size(&self) -> usize {
        self.name.len() + self.value.len() + self.raw.as_ref().map_or(0, |raw| raw.len())
    }
}

/// The text is below 4 GiB when this is called.
fn append(text: &mut String, piece: &str) -> Span {
    let start = text.len() as u32;
    text.push_str(piece);
    Span { start, end: text.len() as u32 }
}
