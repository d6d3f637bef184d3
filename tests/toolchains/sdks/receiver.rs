//! A program as a receiver, from the first event to the last.

use super::sdk::Sdk;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use tests::toolchain::Program;
use tests::value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

pub(super) struct Receiver {
    pub(super) sdk: &'static Sdk,
    lines: Arc<Mutex<Lines>>,
    port: u64,
    /// Dropped, it ends.
    _process: Child,
}

#[derive(Default)]
struct Lines {
    port: Option<u64>,
    /// By path and id.
    events: BTreeMap<(String, String), Value>,
}

impl Receiver {
    pub(super) async fn start(sdk: &'static Sdk, program: &Program) -> Self {
        let mut command = program.command();
        let mut process = command.args(["receive", "0"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
        let lines = Arc::new(Mutex::new(Lines::default()));
        let shared = lines.clone();
        // Ends with the process.
        tokio::spawn(async move {
            while let Ok(Some(line)) = output.next_line().await {
                lock(&shared).take(&line);
            }
        });
        let port = value(&format!("the port of {}", sdk.name), async || lock(&lines).port).await;
        Self { sdk, lines, port, _process: process }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// How many events it got so far.
    pub(super) fn count(&self) -> usize {
        lock(&self.lines).events.len()
    }

    /// An event that it got.
    pub(super) fn got(&self, path: &str, id: &str) -> Option<Value> {
        lock(&self.lines).events.get(&(path.to_owned(), id.to_owned())).cloned()
    }
}

impl Lines {
    fn take(&mut self, line: &str) {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        match line["port"].as_u64() {
            Some(port) => self.port = Some(port),
            None => drop(self.events.insert((text("path"), text("id")), line)),
        }
    }
}

fn lock(lines: &Mutex<Lines>) -> std::sync::MutexGuard<'_, Lines> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}
