//! Programs in other languages that take part in a story.
//!
//! Each lies in a folder below `tests` with its lock file, and is built by the package client of its language into
//! `${SLUICE_CACHE:-~/.cache/sluice}/toolchains`: nothing is written into the clone, and a second run builds nothing.

pub mod go;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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
