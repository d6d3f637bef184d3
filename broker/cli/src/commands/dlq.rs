//! `sluice dlq`: events that nobody would take.

use crate::connection::Connection;
use crate::error::{CliError, Exit};
use crate::output::{FAINT, Format, Output};
use crate::table::Columns;
use crate::{display, values};
use admin::{DeadLetterView, Selector, Touched};
use bytes::Bytes;
use comfy_table::Cell;
use event::Timestamp;

const EXAMPLES: &str = "\
Examples:
  sluice dlq list --trigger default/bill --since 1h
  sluice dlq show 0-3-5c5840518f9cdb70
  sluice dlq redrive --trigger default/bill   to the sink it has now
  sluice dlq purge --all                      for good";

const LIST_EXAMPLES: &str = "\
Examples:
  sluice dlq list --trigger default/bill --since 1h
  sluice dlq list --trigger subscriptions/default/work
  sluice dlq list --trigger sequences/default/orders/step-2
  sluice dlq list --type order.paid -o json | jq -r '.[].reason'";

const SHOW_EXAMPLES: &str = "\
Examples:
  sluice dlq show 0-3-5c5840518f9cdb70              an ID of `sluice dlq list`
  sluice dlq show 0-3-5c5840518f9cdb70 -o json | jq .event";

const REDRIVE_EXAMPLES: &str = "\
Examples:
  sluice dlq redrive 0-3-5c5840518f9cdb70           one
  sluice dlq redrive --trigger default/bill         to the sink it has now
  sluice dlq redrive --all";

const PURGE_EXAMPLES: &str = "\
Examples:
  sluice dlq purge 0-3-5c5840518f9cdb70             one
  sluice dlq purge --trigger default/bill --type order.test
  sluice dlq purge --all";

/// Flags of `sluice dlq`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
    /// How it is printed
    #[arg(
        short,
        long,
        default_value = "text",
        value_name = "text|json|yaml",
        hide_possible_values = true,
        global = true
    )]
    output: Format,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Action {
    /// List dead letters
    #[command(after_help = LIST_EXAMPLES)]
    List {
        #[command(flatten)]
        which: Which,
        /// At most so many
        #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Print one: event, reason, attempts, last status and body
    #[command(after_help = SHOW_EXAMPLES)]
    Show {
        /// The entry
        id: String,
    },
    /// Send dead letters to their trigger again; each goes when it is delivered
    #[command(after_help = REDRIVE_EXAMPLES)]
    Redrive(Which),
    /// Delete dead letters for good
    #[command(after_help = PURGE_EXAMPLES)]
    Purge(Which),
}

#[derive(Clone, Debug, clap::Args)]
struct Which {
    /// These entries
    #[arg(value_name = "ID")]
    entries: Vec<String>,
    /// This entry; repeatable
    #[arg(long, value_name = "ID")]
    id: Vec<String>,
    /// Of this Trigger, of the Subscription subscriptions/NS/NAME, of the step sequences/NS/NAME/step-1
    #[arg(long, value_name = "NS/NAME", value_parser = values::group)]
    trigger: Option<String>,
    /// That failed last at or after this time, or so long ago
    #[arg(long, value_name = "TIME|DURATION", value_parser = admin::parse_since)]
    since: Option<Timestamp>,
    /// Whose event has this type
    #[arg(long = "type", value_name = "TYPE")]
    ty: Option<String>,
    /// Every dead letter there is
    #[arg(long, conflicts_with_all = ["entries", "id", "trigger", "since", "ty"])]
    all: bool,
}

impl Which {
    fn selector(self, limit: Option<u32>) -> Selector {
        Selector {
            ids: [self.entries, self.id].concat(),
            trigger: self.trigger,
            since: self.since,
            ty: self.ty,
            limit: limit.map(|limit| limit as usize),
            all: self.all,
        }
    }

    /// For what cannot be undone: a forgotten condition must not mean everything.
    fn deliberate(self, action: &str) -> Result<Selector, CliError> {
        let selector = self.selector(None);
        if selector.is_unbounded() && !selector.all {
            return Err(CliError::Usage(format!(
                "say which to {action}: an ID, --trigger, --since or --type, or --all for every dead letter"
            )));
        }
        Ok(selector)
    }
}

pub(crate) async fn run(args: Args, out: &mut Output) -> Result<Exit, CliError> {
    let client = args.connection.client()?;
    match args.action {
        Action::List { which, limit } => {
            let letters = client.dead_letters(&which.selector(Some(limit))).await?;
            list(&letters, args.output, out)?;
            if letters.len() == limit as usize {
                out.note(format!("only the first {limit} are shown; --limit shows more"))?;
            }
            Ok(Exit::Done)
        }
        Action::Show { id } => show(&client.dead_letter(&id).await?, args.output, out),
        Action::Redrive(which) => {
            let selector = which.deliberate("redrive")?;
            report("redriven", &selector, &client.redrive(&selector).await?, args.output, out)
        }
        Action::Purge(which) => {
            let selector = which.deliberate("purge")?;
            report("purged", &selector, &client.purge(&selector).await?, args.output, out)
        }
    }
}

fn list(letters: &[DeadLetterView], format: Format, out: &mut Output) -> Result<(), CliError> {
    if format != Format::Text {
        return out.document(format, &letters);
    }
    if letters.is_empty() {
        return Ok(out.note("no dead letters")?);
    }
    let mut columns = Columns::new(out, &["ID", "TRIGGER", "ATTEMPTS", "STATUS", "LAST", "TYPE", "REASON"]);
    for letter in letters {
        let event = read_event(letter)?;
        columns.row(vec![
            Cell::new(&letter.id),
            Cell::new(&letter.trigger),
            Cell::new(letter.attempts),
            Cell::new(status(letter)),
            Cell::new(&letter.last_time),
            Cell::new(event.ty()),
            Cell::new(&letter.reason),
        ]);
    }
    Ok(columns.print(out)?)
}

fn show(letter: &DeadLetterView, format: Format, out: &mut Output) -> Result<Exit, CliError> {
    if format != Format::Text {
        out.document(format, letter)?;
        return Ok(Exit::Done);
    }
    for (name, value) in [
        ("id", letter.id.as_str()),
        ("trigger", &letter.trigger),
        ("reason", &letter.reason),
        ("attempts", &letter.attempts.to_string()),
        ("last status", &status(letter)),
        ("last body", &letter.last_body),
        ("first time", &letter.first_time),
        ("last time", &letter.last_time),
    ] {
        let name = out.paint(FAINT, format!("{name:<12}"));
        out.line(format!("{name} {}", display::printable(value)))?;
    }
    display::event(out, "event", &read_event(letter)?)?;
    Ok(Exit::Done)
}

fn report(
    done: &str,
    selector: &Selector,
    touched: &Touched,
    format: Format,
    out: &mut Output,
) -> Result<Exit, CliError> {
    match format {
        Format::Text if touched.ids.is_empty() => out.note("no dead letters match")?,
        Format::Text => {
            for id in &touched.ids {
                out.line(format!("{id} {done}"))?;
            }
        }
        format => out.document(format, touched)?,
    }
    match selector.ids.iter().find(|id| !touched.ids.contains(id)) {
        Some(id) => {
            Err(CliError::Failed(format!("no such dead letter: `{id}`; `sluice dlq list` shows them")))
        }
        None => Ok(Exit::Done),
    }
}

fn status(letter: &DeadLetterView) -> String {
    letter.last_status.map_or_else(|| "none".to_owned(), |status| status.to_string())
}

fn read_event(letter: &DeadLetterView) -> Result<event::Event, CliError> {
    event::json::decode(&Bytes::copy_from_slice(letter.event.get().as_bytes()))
        .map_err(|error| CliError::Failed(format!("dead letter `{}` holds no event: {error}", letter.id)))
}
