//! An event's attributes as filters see them.

use event::{Event, Mode};

/// An event in the JSON format that names no content type carries JSON (interface.md section 3).
const IMPLIED: (&str, &str) = ("datacontenttype", "application/json");

/// The value of one attribute.
pub(crate) fn get<'e>(event: &'e Event, name: &str) -> Option<&'e str> {
    event.get(name).or_else(|| (name == IMPLIED.0 && is_json(event)).then_some(IMPLIED.1))
}

/// Every attribute, each name once.
pub(crate) fn all(event: &Event) -> impl Iterator<Item = (&str, &str)> {
    let implied = (is_json(event) && event.content_type().is_none()).then_some(IMPLIED);
    event.attributes().map(|a| (a.name, a.value)).chain(implied)
}

fn is_json(event: &Event) -> bool {
    event.mode() == Mode::Structured
}
