//! CESQL: the specification's own cases, and the engine of the CloudEvents SDK for Go beside ours.

mod differential;
mod questions;
mod tck;

use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use tests::{sluice, toolchain::go};

/// The Go module in `tests` that pins the engine, and answers with it.
const MODULE: &str = "differential";

/// An expression, and the event that it is about.
#[derive(Clone, Debug)]
struct Question {
    expression: String,
    event: Value,
}

/// A value, and the kind of an error.
#[derive(Clone, Debug, PartialEq)]
struct Answer {
    value: Value,
    error: Option<String>,
}

impl Answer {
    fn new(value: impl Into<Value>, error: &str) -> Self {
        let error = (!error.is_empty()).then(|| error.to_owned());
        Self { value: value.into(), error }
    }

    fn erred(&self, kind: &str) -> bool {
        self.error.as_deref() == Some(kind)
    }
}

fn ours(questions: &[Question]) -> Vec<Answer> {
    ask(Command::new(sluice()).args(["eval", "--lines"]), questions)
}

fn theirs(questions: &[Question]) -> Vec<Answer> {
    ask(&mut Command::new(go::build(MODULE, ".")), questions)
}

/// Asks a program line by line. What it says beside its answers is left out: the other engine says a lot.
fn ask(program: &mut Command, questions: &[Question]) -> Vec<Answer> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for Question { expression, event } in questions {
        writeln!(file, "{}", json!({ "expression": expression, "event": event })).unwrap();
    }
    let input = file.reopen().unwrap();
    let output = program.stdin(input).stderr(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{program:?} ended with {}", output.status);
    let answers: Vec<_> = String::from_utf8(output.stdout).unwrap().lines().map(answer).collect();
    assert_eq!(answers.len(), questions.len());
    answers
}

fn answer(line: &str) -> Answer {
    let mut line: Value = serde_json::from_str(line).unwrap();
    let error = line["error"].as_str().map(str::to_owned);
    Answer { value: line["value"].take(), error }
}

/// What `sluice eval` says of an expression that errs.
fn our_words(question: &Question, folder: &Path) -> String {
    let event = folder.join("event.json");
    std::fs::write(&event, question.event.to_string()).unwrap();
    let mut eval = Command::new(sluice());
    let output = eval.arg("eval").arg("--event").arg(&event).arg("--").arg(&question.expression).output();
    String::from_utf8(output.unwrap().stderr).unwrap()
}
