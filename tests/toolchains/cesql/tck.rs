//! The specification's test suite, as the SDK for Go has it.

use super::{Answer, MODULE, Question, ours};
use serde_json::{Value, json};
use std::path::Path;
use tests::toolchain::go;

const SDK: &str = "github.com/cloudevents/sdk-go/sql/v2";
/// In the version of the module that `go.mod` names.
const CASES: usize = 275;

struct Case {
    name: String,
    question: Question,
    /// `None`: any value will do.
    value: Option<Value>,
    error: Option<String>,
}

#[test]
fn every_case_of_the_specification_passes() {
    let cases = cases(&go::sources(MODULE, SDK).join("test/tck"));
    assert_eq!(cases.len(), CASES);
    let questions: Vec<_> = cases.iter().map(|case| case.question.clone()).collect();
    let differences: Vec<_> =
        cases.iter().zip(ours(&questions)).filter(|(case, answer)| !case.passes(answer)).collect();
    // The one case where the SDK's copy is older than the specification's, which has what we answer.
    let [(case, answer)] = differences.as_slice() else {
        panic!("{:#?}", differences.iter().map(|(case, answer)| (&case.name, answer)).collect::<Vec<_>>())
    };
    assert_eq!(case.question.expression, "NOT 10");
    assert_eq!(*answer, Answer::new(true, "cast"));
}

impl Case {
    fn read(file: &str, case: &Value) -> Self {
        let mut event = match &case["event"] {
            Value::Null => json!({ "specversion": "1.0", "id": "1", "source": "/tck", "type": "tck" }),
            event => event.clone(),
        };
        for (name, value) in case["eventOverrides"].as_object().into_iter().flatten() {
            event[name] = value.clone();
        }
        Self {
            name: format!("{file}: {}", text(&case["name"])),
            question: Question { expression: text(&case["expression"]), event },
            value: case.get("result").cloned(),
            error: case["error"].as_str().map(str::to_owned),
        }
    }

    fn passes(&self, answer: &Answer) -> bool {
        answer.error == self.error && self.value.as_ref().is_none_or(|value| *value == answer.value)
    }
}

/// YAML takes `TRUE`, `1` and `-10` without quotes for something else than text.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn cases(folder: &Path) -> Vec<Case> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |file: &std::path::PathBuf| {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let yaml: Value = serde_saphyr::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let tests = yaml["tests"].as_array().unwrap().clone();
        tests.into_iter().map(move |case| Case::read(&name, &case)).collect::<Vec<_>>()
    };
    files.iter().filter(|file| file.extension().is_some_and(|ext| ext == "yaml")).flat_map(read).collect()
}
