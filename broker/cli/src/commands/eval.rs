//! `sluice eval`: one CESQL expression, or many.

mod lines;

use crate::error::{CliError, Exit};
use crate::event_file;
use crate::output::Output;
use event::Event;
use filter::cesql::{Expression, Place};

const EXAMPLES: &str = "\
Examples:
  sluice eval \"1 + '2'\"
  sluice eval \"type LIKE 'order.%' AND EXISTS subject\" --event order.json
  sluice eval --lines < cases.ndjson

Without --event it is about an event that has specversion, id, source and type.
--lines reads {\"expression\": TEXT, \"event\": EVENT} from each line, and answers
{\"value\": VALUE, \"error\": KIND} on a line; the error is null, parse, math, cast,
missingAttribute, missingFunction, functionEvaluation, or generic for a line
that is not understood.";

/// Flags of `sluice eval`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The expression
    #[arg(value_name = "EXPR", required_unless_present = "lines", allow_hyphen_values = true)]
    expression: Option<String>,
    /// What it is about, as JSON; - is standard input
    #[arg(long, value_name = "FILE|-")]
    event: Option<String>,
    /// Evaluate each line of standard input
    #[arg(long, conflicts_with_all = ["expression", "event"])]
    lines: bool,
}

pub(crate) async fn run(args: Args, out: &mut Output) -> Result<Exit, CliError> {
    let Some(text) = args.expression.as_deref() else {
        return lines::answer(std::io::stdin().lock(), out);
    };
    let expression = parse(text, out)?;
    let event = args.event.as_deref().map_or_else(|| Ok(sample()), event_file::read)?;
    let (value, fault) = expression.evaluate(&event);
    out.line(value.to_string())?;
    match fault {
        None => Ok(Exit::Done),
        Some(fault) => {
            let message = format!("{} error at {}", fault.kind().name(), expression.describe(&fault));
            Err(at(expression.place(&fault), text, message, out)?)
        }
    }
}

/// Reads an expression, and says what is wrong or doubtful about it.
pub(super) fn parse(text: &str, out: &mut Output) -> Result<Expression, CliError> {
    let expression: Expression = match text.parse() {
        Ok(expression) => expression,
        Err(error) => return Err(at(error.place, text, error.to_string(), out)?),
    };
    for advice in expression.advice() {
        out.note(format!("note: {}: {}", advice.place, advice.message))?;
    }
    Ok(expression)
}

/// Points at the place, and makes the error that ends the command.
fn at(place: Place, text: &str, message: String, out: &mut Output) -> Result<CliError, CliError> {
    out.note(place.point_out(text))?;
    Ok(CliError::Failed(message))
}

/// The event of an expression that is about none.
fn sample() -> Event {
    let event = Event::builder().set("id", "1").set("source", "/sluice/eval").set("type", "sample");
    event.build().expect("it has what an event must have")
}
