//! Events and problems as people read them.

use crate::output::{FAINT, NAME, Output};
use crds::{Problem, Severity};
use event::Event;
use serde_json::value::RawValue;
use std::fmt::Write;
use std::io;

/// What is wrong with a manifest, on one line.
pub(crate) fn problem(problem: &Problem) -> String {
    match problem.severity {
        Severity::Error => problem.to_string(),
        Severity::Warning => format!("{problem} (warning)"),
    }
}

/// Attributes that stand in the heading.
const IN_HEADING: [&str; 4] = ["specversion", "id", "source", "type"];

/// Prints heading, further attributes and payload; `around` says when and where it was seen.
pub(crate) fn event(out: &mut Output, around: &str, event: &Event) -> io::Result<()> {
    let mut text = format!(
        "{} {} {} {}",
        out.paint(FAINT, around),
        out.paint(NAME, event.ty()),
        event.id(),
        out.paint(FAINT, event.source())
    );
    // Read from JSON an event has a content type, payload or not.
    let idle = if event.data().is_absent() { "datacontenttype" } else { "" };
    for attribute in event.attributes().filter(|a| !IN_HEADING.contains(&a.name) && a.name != idle) {
        let _ = write!(text, "\n  {}: {}", out.paint(FAINT, attribute.name), attribute.value);
    }
    for line in payload(event).lines() {
        let _ = write!(text, "\n  {line}");
    }
    out.line(text)
}

/// The event in the JSON event format.
pub(crate) fn json(event: &Event) -> Box<RawValue> {
    let mut json = Vec::new();
    event::json::encode(event, &mut json);
    let text = String::from_utf8(json).expect("the JSON event format is UTF-8");
    RawValue::from_string(text).expect("an event is written as one JSON object")
}

/// The payload: JSON laid out, text as it is, anything else by its size.
fn payload(event: &Event) -> String {
    let bytes = event.data().bytes();
    if let Ok(json) = serde_json::from_slice::<serde_json::Value>(bytes) {
        return printable(&serde_json::to_string_pretty(&json).unwrap_or_default());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => printable(text),
        Err(_) => format!("({} bytes of {})", bytes.len(), event.content_type().unwrap_or("unknown content")),
    }
}

/// The text without control characters: what others sent must not steer the terminal that it is shown on.
pub(crate) fn printable(text: &str) -> String {
    let visible =
        |c: char| if c.is_control() && c != '\n' && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
    text.chars().map(visible).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::tests::captured;
    use bytes::Bytes;
    use event::Data;

    fn printed(data: Data) -> String {
        let (mut out, text, _) = captured();
        let builder =
            Event::builder().set("id", "1").set("source", "/s").set("type", "t").set("subject", "x");
        event(&mut out, "now", &builder.data(data).build().unwrap()).unwrap();
        text.text()
    }

    #[test]
    fn json_is_laid_out() {
        let text = printed(Data::Bytes(Bytes::from_static(b"{\"a\":[1]}")));
        assert_eq!(text, "now t 1 /s\n  subject: x\n  {\n    \"a\": [\n      1\n    ]\n  }\n");
    }

    #[test]
    fn a_payload_does_not_steer_the_terminal() {
        assert!(printed(Data::Bytes(Bytes::from_static(b"\x1b[2Jhi"))).ends_with("\n  \u{fffd}[2Jhi\n"));
    }

    #[test]
    fn bytes_that_are_no_text_are_counted() {
        assert!(
            printed(Data::Bytes(Bytes::from_static(&[0xff, 0xfe])))
                .ends_with("(2 bytes of unknown content)\n")
        );
    }

    #[test]
    fn no_payload_is_no_line() {
        assert_eq!(printed(Data::Absent), "now t 1 /s\n  subject: x\n");
    }
}
