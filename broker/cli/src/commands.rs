//! The command line as a whole.

pub(crate) mod check;
pub(crate) mod completion;
pub(crate) mod dlq;
pub(crate) mod eval;
pub(crate) mod explain;
pub(crate) mod get;
pub(crate) mod run;
pub(crate) mod send;
pub(crate) mod sink;
pub(crate) mod tail;
pub(crate) mod version;

use crate::error::{CliError, Exit};
use crate::output::Output;
use broker_core::Capabilities;
use clap::{Parser, Subcommand};
use std::collections::BTreeMap;
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  sluice run ./manifests                            run what a folder declares
  sluice send default/shop --type order --data 7    send an event
  sluice get -A                                     what is there, how it is
  sluice dlq list                                   what was not delivered

Commands that talk to a running server find it by --server or SLUICE_SERVER.";

/// A durable CloudEvents broker that runs Knative manifests.
#[derive(Debug, Parser)]
#[command(name = "sluice", version, max_term_width = 100, after_help = EXAMPLES, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, `run` apart from those that [`execute`] carries out.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a mesh from manifests: events in, deliveries, admin API
    Run(run::Args),
    #[command(flatten)]
    Other(Other),
}

/// The commands that end by themselves or with Ctrl-C.
#[derive(Debug, Subcommand)]
pub enum Other {
    /// Say what is wrong with manifests
    Check(check::Args),
    /// Send events
    Send(send::Args),
    /// Receive events and print them
    Sink(sink::Args),
    /// Print events as they are accepted
    Tail(tail::Args),
    /// List objects with their status
    Get(get::Args),
    /// Say which triggers an event matches, and why
    Explain(explain::Args),
    /// Evaluate a CESQL expression
    Eval(eval::Args),
    /// List, show, redrive and purge dead letters
    Dlq(dlq::Args),
    /// Print the completion script of a shell
    Completion(completion::Args),
    /// Print the version
    Version(version::Args),
}

/// Carries out a command on standard output; `backends` are those of this program, for `check` and `explain`.
#[must_use]
pub fn execute(command: Other, backends: BTreeMap<String, Capabilities>) -> ExitCode {
    let mut out = Output::standard();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(dispatch(command, backends, &mut out)),
        Err(error) => Err(CliError::Failed(format!("the async runtime does not start: {error}"))),
    };
    out.conclude(result).into()
}

pub(crate) async fn dispatch(
    command: Other,
    backends: BTreeMap<String, Capabilities>,
    out: &mut Output,
) -> Result<Exit, CliError> {
    match command {
        Other::Check(args) => check::run(args, backends, out).await,
        Other::Send(args) => send::run(args, out).await,
        Other::Sink(args) => sink::run(args, out).await,
        Other::Tail(args) => tail::run(args, out).await,
        Other::Get(args) => get::run(args, out).await,
        Other::Explain(args) => explain::run(args, backends, out).await,
        Other::Eval(args) => eval::run(args, out).await,
        Other::Dlq(args) => dlq::run(args, out).await,
        Other::Completion(args) => completion::run(args, out).await,
        Other::Version(args) => version::run(args, out).await,
    }
}
