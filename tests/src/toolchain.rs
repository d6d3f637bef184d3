//! Programs in other languages that take part in a story.
//!
//! Each lies in a folder below `tests` with its lock file, and is built by the package client of its language into
//! `${SLUICE_CACHE:-~/.cache/sluice}/toolchains`: nothing is written into the clone, and a second run builds nothing.

pub mod go;
pub mod java;
pub mod javascript;
pub mod python;

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A program that is ready to be started: the interpreter, if there is one, and what comes before the arguments.
#[derive(Clone, Debug)]
pub struct Program(Vec<OsString>);

impl Program {
    fn new<I: Into<OsString>>(words: impl IntoIterator<Item = I>) -> Self {
        Self(words.into_iter().map(Into::into).collect())
    }

    /// A run of it that has not begun; it ends with its handle.
    #[must_use]
    pub fn command(&self) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(&self.0[0]);
        command.args(&self.0[1..]).stdin(Stdio::null()).kill_on_drop(true);
        command
    }
}

impl From<PathBuf> for Program {
    fn from(program: PathBuf) -> Self {
        Self::new([program])
    }
}

/// Where everything of a language is kept.
fn cache(language: &str) -> PathBuf {
    let root = match (std::env::var_os("SLUICE_CACHE"), std::env::var_os("HOME")) {
        (Some(cache), _) => PathBuf::from(cache),
        (None, Some(home)) => Path::new(&home).join(".cache/sluice"),
        (None, None) => panic!("there is no home folder: say where to build with SLUICE_CACHE"),
    };
    let folder = root.join("toolchains").join(language);
    std::fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    folder
}

/// A folder below `tests`.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The name of a folder of `tests` in the cache.
fn flat(name: &str) -> String {
    name.replace(['/', '.'], "-").trim_end_matches('-').to_owned()
}

/// Runs a step of a build to its end and returns what it printed.
fn run(step: &mut Command) -> String {
    let program = step.get_program().to_string_lossy().into_owned();
    let output = step.stdin(Stdio::null()).output().unwrap_or_else(|error| {
        panic!(
            "`{program}`: {error}. This story needs it: install it, or test without the feature `toolchains`"
        )
    });
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{step:?} ended with {}:\n{said}{complained}", output.status);
    said
}

/// Fills a folder of the cache, unless it was filled from the same `sources` before. Processes wait for each other.
fn fill(folder: &Path, sources: &str, build: impl FnOnce()) {
    let beside = |extension| folder.with_extension(extension);
    let lock = File::create(beside("lock")).expect("the cache can be written");
    lock.lock().expect("the cache can be locked");
    let built_from = beside("sources");
    if std::fs::read_to_string(&built_from).is_ok_and(|before| before == sources) {
        return;
    }
    // What an interrupted build left is no use.
    let _ = std::fs::remove_file(&built_from);
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).expect("the cache can be written");
    build();
    std::fs::write(built_from, sources).expect("the cache can be written");
}

/// The text of all files of a folder, in order.
fn text(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a folder can be listed").path()).collect();
    files.sort();
    let read = |file: &PathBuf| {
        if file.is_dir() { text(file) } else { std::fs::read_to_string(file).expect("sources are text") }
    };
    files.iter().map(read).collect()
}
