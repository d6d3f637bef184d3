//! Why the client has no answer.

use crate::ProblemDetails;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address cannot be used.
    #[error("server address `{server}`: {detail}")]
    Address {
        /// As it was given.
        server: String,
        /// What is expected.
        detail: &'static str,
    },
    /// The roots that are to be trusted cannot be used.
    #[error("--ca-bundle: the file {0}")]
    CaBundle(#[from] certificates::PemError),
    /// Nobody is there, or it went away.
    #[error(
        "no sluice server answers at {server}: {detail}; is `sluice run` running, and is `--server` its `--admin` address?"
    )]
    Unreachable {
        /// The server's address.
        server: String,
        /// What happened to the connection.
        detail: String,
    },
    /// The server says no.
    #[error("{}", .0.detail)]
    Refused(ProblemDetails),
    /// Somebody answers who is no sluice server.
    #[error("{server} does not answer as a sluice server does: {detail}")]
    Nonsense {
        /// The server's address.
        server: String,
        /// What came instead.
        detail: String,
    },
}
