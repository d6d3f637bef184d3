//! One run of a program as a sender.

use super::cases::{self, Case};
use super::sdk::{Mode, Sdk};
use serde_json::Value;
use std::path::Path;
use tests::toolchain::Program;

pub(super) struct Sender<'a> {
    pub(super) sdk: &'static Sdk,
    pub(super) program: &'a Program,
    /// Where its file of cases may lie.
    pub(super) folder: &'a Path,
}

/// What the program learnt about a request.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// 0 when there was no request.
    pub(super) status: u64,
    pub(super) error: String,
}

impl Sender<'_> {
    /// Sends all cases; an answer for each, or one for the batch.
    pub(super) async fn send_all(&self, url: &str, mode: Mode) -> Vec<Answer> {
        let numbered = |case: &Case| cases::numbered(case, self.sdk, mode);
        self.send(url, mode, &Value::from_iter(cases::all().iter().map(numbered))).await
    }

    /// Sends these events.
    pub(super) async fn send(&self, url: &str, mode: Mode, events: &Value) -> Vec<Answer> {
        let file = self.folder.join("cases.json");
        std::fs::write(&file, events.to_string()).unwrap();
        let output =
            self.program.command().args(["send", url, mode.name()]).arg(&file).output().await.unwrap();
        assert!(output.status.success(), "{}: {}", self.sdk.name, String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(answer).collect()
    }
}

fn answer(line: &str) -> Answer {
    let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    Answer {
        status: line["status"].as_u64().unwrap_or_default(),
        error: line["error"].as_str().unwrap_or_default().to_owned(),
    }
}
