//! `sluice version`.

use crate::error::{CliError, Exit};
use crate::output::{Format, Output};
use serde_json::json;

const EXAMPLES: &str = "\
Examples:
  sluice version
  sluice version -o json";

/// Flags of `sluice version`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// How it is printed
    #[arg(short, long, default_value = "text", value_name = "text|json|yaml", hide_possible_values = true)]
    output: Format,
}

#[expect(clippy::unused_async, reason = "every command has the same shape")]
pub(crate) async fn run(args: Args, out: &mut Output) -> Result<Exit, CliError> {
    let version = env!("CARGO_PKG_VERSION");
    match args.output {
        Format::Text => out.line(format!("sluice {version}"))?,
        format => out.document(format, &json!({ "version": version }))?,
    }
    Ok(Exit::Done)
}
