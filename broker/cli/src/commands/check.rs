//! `sluice check`: what is wrong with manifests.

use crate::display;
use crate::error::{CliError, Exit};
use crate::offline::CompileFlags;
use crate::output::{BAD, Format, Output, UNSURE};
use broker_core::Capabilities;
use crds::{Problem, Severity};
use manifests::LoadError;
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
    let (objects, problems) = match args.compile.compile(&args.paths, backends) {
        Ok(compiled) => (compiled.objects.len(), compiled.problems),
        // Nothing is left because everything is broken: then what is broken is the answer.
        Err(LoadError::NothingUsable { problems, .. }) if problems.iter().any(is_error) => (0, problems),
        Err(error) => return Err(error.into()),
    };
    match args.output {
        Format::Text => {
            for problem in &problems {
                out.line(line(problem, out))?;
            }
            out.note(summary(objects, &problems))?;
        }
        format => out.document(format, &problems)?,
    }
    let fails = |problem: &Problem| args.strict || is_error(problem);
    Ok(if problems.iter().any(fails) { Exit::Failed } else { Exit::Done })
}

fn line(problem: &Problem, out: &Output) -> String {
    let style = if is_error(problem) { BAD } else { UNSURE };
    out.paint(style, display::problem(problem))
}

fn is_error(problem: &Problem) -> bool {
    problem.severity == Severity::Error
}

fn summary(objects: usize, problems: &[Problem]) -> String {
    let warnings = problems.iter().filter(|p| p.severity == Severity::Warning).count();
    format!("{objects} objects, {} problems, {warnings} warnings", problems.len() - warnings)
}
