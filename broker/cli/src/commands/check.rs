//! `sluice check`: what is wrong with manifests.

use crate::error::{CliError, Exit};
use crate::offline::CompileFlags;
use crate::output::{BAD, Format, Output, UNSURE};
use broker_core::Capabilities;
use crds::{Problem, Severity};
use std::collections::BTreeMap;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  sluice check ./manifests
  sluice check --strict -o json .      warnings count, for a pipeline

Exit code 0: nothing wrong, or warnings only; 1: problems; 64: nothing to check.";

/// Flags of `sluice check`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Warnings are problems too
    #[arg(long)]
    strict: bool,
    /// How problems are printed
    #[arg(short, long, default_value = "text", value_name = "text|json|yaml", hide_possible_values = true)]
    output: Format,
    /// Files or folders of YAML
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    compile: CompileFlags,
}

pub(crate) async fn run(
    args: Args,
    backends: BTreeMap<String, Capabilities>,
    out: &mut Output,
) -> Result<Exit, CliError> {
    let checked = args.compile.compile(&args.paths, backends)?;
    match args.output {
        Format::Text => {
            for problem in &checked.problems {
                out.line(line(problem, out))?;
            }
            out.note(summary(checked.compiled.objects.len(), &checked.problems))?;
        }
        format => out.document(format, &checked.problems)?,
    }
    let fails = |problem: &Problem| args.strict || problem.severity == Severity::Error;
    Ok(if checked.problems.iter().any(fails) { Exit::Failed } else { Exit::Done })
}

fn line(problem: &Problem, out: &Output) -> String {
    match problem.severity {
        Severity::Error => out.paint(BAD, problem.to_string()),
        Severity::Warning => out.paint(UNSURE, format!("{problem} (warning)")),
    }
}

fn summary(objects: usize, problems: &[Problem]) -> String {
    let warnings = problems.iter().filter(|p| p.severity == Severity::Warning).count();
    format!("{objects} objects, {} problems, {warnings} warnings", problems.len() - warnings)
}
