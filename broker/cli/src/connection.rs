//! How commands find the running server.

use crate::error::CliError;
use admin::Client;
use std::path::PathBuf;

/// The flags of every command that talks to a server.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Connection {
    /// Admin listener of the server
    #[arg(
        long,
        global = true,
        env = "SLUICE_SERVER",
        default_value = "http://127.0.0.1:9090",
        value_name = "URL"
    )]
    pub(crate) server: String,
    /// File with the server's admin token, where it has one
    #[arg(long, global = true, env = "SLUICE_ADMIN_TOKEN_FILE", value_name = "FILE")]
    pub(crate) admin_token_file: Option<PathBuf>,
    /// PEM file of roots that https:// URLs trust beside the system's
    #[arg(long, global = true, env = "SLUICE_CA_BUNDLE", value_name = "FILE")]
    ca_bundle: Option<PathBuf>,
}

impl Connection {
    pub(crate) fn client(&self) -> Result<Client, CliError> {
        let token = match &self.admin_token_file {
            Some(file) => Some(std::fs::read_to_string(file).map_err(|error| {
                CliError::Usage(format!("--admin-token-file {}: {error}", file.display()))
            })?),
            None => None,
        };
        Ok(Client::new(&self.server, token.as_deref().map(str::trim), self.ca_bundle()?.as_deref())?)
    }

    /// What `--ca-bundle` holds.
    pub(crate) fn ca_bundle(&self) -> Result<Option<Vec<u8>>, CliError> {
        let read = |file: &PathBuf| {
            std::fs::read(file)
                .map_err(|error| CliError::Usage(format!("--ca-bundle {}: {error}", file.display())))
        };
        self.ca_bundle.as_ref().map(read).transpose()
    }
}
