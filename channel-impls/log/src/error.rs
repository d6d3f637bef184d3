//! What can keep the log from opening, and what it found broken.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a data folder cannot be used. Damage is never a reason.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be made, read or written.
    #[error(
        "the data folder `{}` cannot be used: {source}; make it writable or choose another with `--data`",
        folder.display()
    )]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has it.
    #[error(
        "the data folder `{}` is used by the process with pid {pid}; stop it or choose another with `--data`",
        folder.display()
    )]
    Locked {
        /// The folder.
        folder: PathBuf,
        /// The process, as it wrote it down.
        pid: String,
    },
    /// A newer program wrote it.
    #[error("`{file}` has format version {version}, this program reads up to {known}; use a newer sluice")]
    Newer {
        /// The file.
        file: String,
        /// The version in it.
        version: u32,
        /// The newest version this program reads.
        known: u32,
    },
    /// A thread could not be started.
    #[error("the log's threads could not be started: {0}")]
    Threads(io::Error),
}

/// A place where bytes are not what was written. They are skipped; what is around them is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file in the data folder.
    pub file: String,
    /// Where in the file.
    pub offset: u32,
    /// How many bytes are skipped.
    pub bytes: u32,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes at offset {} of `{}` are damaged", self.bytes, self.offset, self.file)
    }
}
