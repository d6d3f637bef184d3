//! The event itself.

use crate::{Attribute, Data, Envelope, EventBuilder, Kind};

/// A valid CloudEvent: attributes checked once when it was made, payload as it came.
///
/// All attribute text lies in one string: name, value and raw header of each, one behind the other. Slots
/// cut it; the record format writes both as they are. Readers may rely on `specversion`, `id`, `source`
/// and `type` being present and valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub(crate) text: Box<str>,
    pub(crate) slots: Box<[Slot]>,
    pub(crate) data: Data,
    pub(crate) mode: Mode,
}

/// An attribute as slices of [`Event::text`]. The first four are `specversion`, `id`, `source`, `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) name: Span,
    pub(crate) value: Span,
    pub(crate) raw: Option<Span>,
    pub(crate) kind: Kind,
}

/// A byte range of the event's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// The content mode an event came in; it leaves in the same unless `delivery.format` says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Attributes as headers.
    #[default]
    Binary,
    /// One JSON object.
    Structured,
}

/// An event with its envelope: what a log stores and a channel lends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Ours.
    pub envelope: Envelope,
    /// The client's.
    pub event: Event,
}

impl Event {
    /// Starts a new event; see [`EventBuilder`].
    #[must_use]
    pub fn builder() -> EventBuilder {
        EventBuilder::default()
    }

    /// `1.0` or `0.3`.
    #[must_use]
    pub fn specversion(&self) -> &str {
        self.slot(0)
    }

    /// The `id` attribute.
    #[must_use]
    pub fn id(&self) -> &str {
        self.slot(1)
    }

    /// The `source` attribute.
    #[must_use]
    pub fn source(&self) -> &str {
        self.slot(2)
    }

    /// The `type` attribute.
    #[must_use]
    pub fn ty(&self) -> &str {
        self.slot(3)
    }

    /// The value of one attribute in its canonical string form, extensions included.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.slots.iter().find(|s| self.cut(s.name) == name).map(|s| self.cut(s.value))
    }

    /// All attributes, the four required ones first.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'_>> {
        self.slots.iter().map(|s| Attribute {
            name: self.cut(s.name),
            value: self.cut(s.value),
            raw: s.raw.map(|r| self.cut(r)),
            kind: s.kind,
        })
    }

    /// The `datacontenttype` attribute.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.get("datacontenttype")
    }

    /// The payload.
    #[must_use]
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The content mode it came in.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Bytes of attributes and payload together: what bounds and budgets count.
    #[must_use]
    pub fn size(&self) -> usize {
        self.text.len() + self.data.bytes().len()
    }

    fn slot(&self, index: usize) -> &str {
        self.slots.get(index).map_or("", |s| self.cut(s.value))
    }

    pub(crate) fn cut(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }
}
