//! `sluice eval --lines`: a question per line, an answer per line.

use super::sample;
use crate::error::{CliError, Exit};
use crate::output::{Format, Output};
use bytes::Bytes;
use event::Event;
use filter::cesql::{ErrorKind, Expression, Value};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::io::BufRead;

/// An expression, and the event that it is about; without one it is about [`sample`].
#[derive(Deserialize)]
struct Question {
    expression: String,
    event: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct Answer {
    value: serde_json::Value,
    error: Option<&'static str>,
}

/// Answers until the input ends. A line that is not understood is answered too, and makes the command fail.
pub(super) fn answer(input: impl BufRead, out: &mut Output) -> Result<Exit, CliError> {
    let mut exit = Exit::Done;
    for (number, line) in (1..).zip(input.lines()) {
        let line = line.map_err(|error| CliError::Failed(format!("standard input: {error}")))?;
        let answer = match read(&line) {
            Ok((expression, event)) => about(&expression, &event),
            Err(why) => {
                exit = Exit::Failed;
                out.note(format!("line {number}: {why}"))?;
                Answer { value: serde_json::Value::Null, error: Some("generic") }
            }
        };
        out.item(Format::Json, &answer)?;
    }
    Ok(exit)
}

fn read(line: &str) -> Result<(String, Event), String> {
    let question: Question = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let event = question.event.map_or_else(
        || Ok(sample()),
        |event| event::json::decode(&Bytes::copy_from_slice(event.get().as_bytes())),
    );
    Ok((question.expression, event.map_err(|error| format!("`event`: {error}"))?))
}

fn about(text: &str, event: &Event) -> Answer {
    let Ok(expression) = text.parse::<Expression>() else {
        return Answer { value: false.into(), error: Some(ErrorKind::Parse.name()) };
    };
    let (value, fault) = expression.evaluate(event);
    let value = match value {
        Value::Boolean(value) => value.into(),
        Value::Integer(value) => value.into(),
        Value::String(text) => text.into_owned().into(),
    };
    Answer { value, error: fault.map(|fault| fault.kind().name()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::tests::captured;

    #[test]
    fn every_line_gets_an_answer() {
        let (mut out, text, notes) = captured();
        let lines = [
            r#"{"expression":"1 + 1"}"#,
            r#"{"expression":"subject","event":null}"#,
            r#"{"expression":"CONCAT(n, ' é')","event":{"specversion":"1.0","id":"1","source":"/s","type":"t","n":5}}"#,
            r#"{"expression":"n > 4 AND b","event":{"specversion":"1.0","id":"1","source":"/s","type":"t","n":5,"b":true}}"#,
            r#"{"expression":"ABC("}"#,
            r#"{"expression":"NOSUCH()"}"#,
            r#"{"expression":"1","event":{"id":"1"}}"#,
            "not json",
        ];
        let exit = answer(lines.join("\n").as_bytes(), &mut out).unwrap();
        let wanted = [
            r#"{"value":2,"error":null}"#,
            r#"{"value":false,"error":"missingAttribute"}"#,
            r#"{"value":"5 é","error":null}"#,
            r#"{"value":true,"error":null}"#,
            r#"{"value":false,"error":"parse"}"#,
            r#"{"value":false,"error":"missingFunction"}"#,
            r#"{"value":null,"error":"generic"}"#,
            r#"{"value":null,"error":"generic"}"#,
        ];
        assert_eq!(text.text().lines().collect::<Vec<_>>(), wanted);
        assert_eq!(exit, Exit::Failed);
        let notes = notes.text();
        assert!(notes.contains("line 7: `event`: ") && notes.contains("line 8: "), "{notes}");
    }
}
