//! `--event FILE|-`: one event as JSON.

use crate::error::CliError;
use bytes::Bytes;
use event::Event;
use std::io::Read;

/// Reads and checks the event; `-` is standard input.
pub(crate) fn read(from: &str) -> Result<Event, CliError> {
    let mut json = Vec::new();
    let read = match from {
        "-" => std::io::stdin().read_to_end(&mut json).map(|_| ()),
        file => std::fs::read(file).map(|bytes| json = bytes),
    };
    read.map_err(|error| CliError::Usage(format!("--event {from}: {error}")))?;
    event::json::decode(&Bytes::from(json))
        .map_err(|error| CliError::Failed(format!("--event {from}: {error}")))
}
