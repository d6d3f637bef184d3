//! A folder of YAML, watched, as an index of objects.
//!
//! What it does: reads files and folders as `kubectl -f` does (`.yaml`, `.yml`, `.json`; several documents in a
//! file, `kind: List`; sub folders and hidden files are left out), remembers the line of every field, and hands the
//! documents to [`crds::Admission`]. [`Watch`] does so again whenever something changes, and keeps the last good
//! version of each object over a restart ([`LastGood`]).
//!
//! A file that cannot be read or has a syntax error changes nothing of what it defined; a folder that cannot be
//! read deletes nothing. Everything that is wrong lies in `index.problems`, which `crds::compile` hands on.
//!
//! What it must not do: judge what stands in a manifest (`crds` does), decide on exit codes (`cli` does).
//!
//! Where to start: [`Watch`], then `files.rs` for what is read and its limits.

mod document;
mod files;
mod last_good;
mod watch;
mod yaml;

pub use files::LoadError;
pub use last_good::{LastGood, LastGoodError};
pub use watch::Watch;

use std::path::{Path, PathBuf};

/// What is declared at the moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Declared {
    /// Everything to compile, with all problems found so far.
    pub index: crds::Index,
    /// How many files were read.
    pub files: usize,
}

/// Reads the paths once, without any earlier version in mind: what `check` and `explain` need. Blocks.
///
/// # Errors
/// When a path cannot be read, or no object of a known kind is in any of them.
pub fn load_once(paths: &[PathBuf]) -> Result<Declared, LoadError> {
    let reading = files::Files::new(paths).read_all()?;
    let index = crds::Admission::default().admit(reading.declaration);
    files::require_objects(paths, index).map(|index| Declared { index, files: reading.files })
}

/// Takes the text of one file for what `file` says; no disk is asked.
#[must_use]
pub fn read_text(file: &Path, text: &str) -> crds::Declaration {
    let mut reading = files::Reading::default();
    reading.add(file, &document::read(file, text));
    reading.declaration
}
