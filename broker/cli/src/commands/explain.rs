//! `sluice explain`: which triggers an event matches, and why.

use crate::connection::Connection;
use crate::display;
use crate::error::{CliError, Exit};
use crate::event_file;
use crate::offline::CompileFlags;
use crate::output::{Format, Output};
use crate::table::{Columns, judged};
use crate::values;
use admin::Explanation;
use broker_core::{Capabilities, ObjectKey};
use comfy_table::Cell;
use crds::Severity;
use std::collections::BTreeMap;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  sluice explain --event order.json --broker default/shop
  sluice explain --event order.json ./manifests            without a server
  sluice tail -o json | head -1 | sluice explain --event -

Only what is in force is asked. What is wrong with the manifests follows on
standard error.";

/// Flags of `sluice explain`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The event, as JSON; - is standard input
    #[arg(long, value_name = "FILE|-")]
    event: String,
    /// Only the triggers of this Broker, or what gets the events of channels/NS/NAME,
    /// sequences/NS/NAME or parallels/NS/NAME
    #[arg(long, value_name = "NS/NAME", value_parser = values::target)]
    broker: Option<ObjectKey>,
    /// How it is printed
    #[arg(short, long, default_value = "text", value_name = "text|json|yaml", hide_possible_values = true)]
    output: Format,
    /// Files or folders of YAML; without one the running server is asked
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    compile: CompileFlags,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn run(
    args: Args,
    backends: BTreeMap<String, Capabilities>,
    out: &mut Output,
) -> Result<Exit, CliError> {
    let event = event_file::read(&args.event)?;
    let target = args.broker.as_ref().map(ToString::to_string);
    let target = target.as_deref();
    let (explanations, problems) = if args.paths.is_empty() {
        let client = args.connection.client()?;
        (client.explain(target, &event).await?, client.problems().await?)
    } else {
        let compiled = args.compile.compile(&args.paths, backends)?;
        let explanations = admin::explain(&compiled.table, target, &event).ok_or_else(|| {
            let kind = args.broker.as_ref().map_or("Broker", |key| key.kind.word());
            let target = target.unwrap_or_default();
            CliError::Failed(format!(
                "the manifests declare no {kind} `{target}`; `sluice check` says what is wrong"
            ))
        })?;
        (explanations, compiled.problems)
    };
    match args.output {
        Format::Text if explanations.is_empty() => out.note("no triggers")?,
        Format::Text => table(&explanations, out)?,
        format => out.document(format, &explanations)?,
    }
    // A trigger that is not in force stands nowhere in the answer, and is the likeliest to be looked for.
    for problem in problems.iter().filter(|problem| problem.severity == Severity::Error) {
        out.note(display::problem(problem))?;
    }
    Ok(Exit::Done)
}

fn table(explanations: &[Explanation], out: &mut Output) -> Result<(), CliError> {
    let mut columns = Columns::new(out, &["TRIGGER", "MATCHES", "REASON"]);
    for one in explanations {
        let matches = judged(if one.matches { "yes" } else { "no" });
        columns.row(vec![Cell::new(&one.trigger), matches, Cell::new(&one.reason)]);
    }
    Ok(columns.print(out)?)
}
