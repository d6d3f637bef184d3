//! Why a command did not do what it was asked, and the exit code for it.

use admin::ClientError;
use manifests::LoadError;
use std::io;
use std::process::ExitCode;

/// The exit codes that scripts can rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0.
    Done,
    /// 1: some or all of it failed.
    Failed,
    /// 2: wrong usage.
    Usage,
    /// 64: no such folder, nothing usable in it.
    BadConfig,
    /// 69: the server is not there.
    NoServer,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::BadConfig => 64,
            Exit::NoServer => 69,
        })
    }
}

/// One line: what happened, to what, what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The command line says something that cannot be meant.
    #[error("{0}")]
    Usage(String),
    /// The manifests cannot be read.
    #[error("{0}")]
    BadConfig(String),
    /// Nobody is there.
    #[error("{0}")]
    NoServer(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
    /// The admin API.
    #[error(transparent)]
    Admin(#[from] ClientError),
    /// Nobody reads what is printed, or the disk that it is printed to is full.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
}

impl From<LoadError> for CliError {
    fn from(error: LoadError) -> Self {
        Self::BadConfig(error.to_string())
    }
}

impl CliError {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::Admin(ClientError::Address { .. } | ClientError::CaBundle(_)) => {
                Exit::Usage
            }
            Self::BadConfig(_) => Exit::BadConfig,
            Self::NoServer(_)
            | Self::Admin(ClientError::Unreachable { .. } | ClientError::Nonsense { .. }) => Exit::NoServer,
            Self::Failed(_) | Self::Admin(ClientError::Refused(_)) => Exit::Failed,
            // `sluice tail | head -1`: the reader has what it wanted.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Self::Output(_) => Exit::Failed,
        }
    }
}
