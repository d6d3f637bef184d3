//! Log lines: for people or as JSON, on standard error.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// These two warn of what a peer does wrong, each time it does: whoever connects could fill the log. A filter that names
/// them says more.
const QUIET: &str = "h2=error,hyper=error";

/// Starts logging. The filter is what `--log` says.
///
/// # Errors
/// When the filter is not one.
pub(crate) fn start(filter: &str, json: bool) -> Result<(), String> {
    let filter = EnvFilter::try_new(format!("{QUIET},{filter}")).map_err(|e| {
        format!("--log {filter}: {e}; use a level (info) or levels by target (info,dispatcher=debug)")
    })?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if json {
        lines.json().flatten_event(true).try_init()
    } else {
        lines.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init()
    };
    started.map_err(|e| e.to_string())
}
