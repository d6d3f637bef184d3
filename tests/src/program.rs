//! Running the program to its end.

use crate::sluice;
use std::path::Path;
use std::process::Stdio;
use tokio::process::Command;
use tokio::time::timeout;

/// A run that has ended.
#[derive(Debug)]
pub struct Finished {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Finished {
    /// Standard output as JSON.
    ///
    /// # Panics
    /// When it is none, with everything that was said.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The same, when it was successful.
    ///
    /// # Panics
    /// When the exit code is not 0, with everything that was said.
    pub fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }
}

/// Runs `sluice` with these arguments in a folder, without the caller's `SLUICE_` variables.
///
/// # Panics
/// When it does not end in time.
pub async fn run(folder: &Path, args: &[&str]) -> Finished {
    let output = timeout(crate::DEADLINE, command(folder).args(args).output());
    let output =
        output.await.unwrap_or_else(|_| panic!("`sluice {args:?}` did not end")).expect("sluice starts");
    Finished {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The program, not started yet; dropped, it is killed.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(sluice());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("SLUICE_")) {
            command.env_remove(name);
        }
    }
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}
