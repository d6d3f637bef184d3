//! `sluice tail`: events as they are accepted.

use super::{eval, send};
use crate::connection::Connection;
use crate::error::{CliError, Exit};
use crate::output::{Format, Output};
use crate::{display, values};
use admin::{Accepted, TailLine};
use broker_core::ObjectKey;
use bytes::Bytes;

const EXAMPLES: &str = "\
Examples:
  sluice tail                               every event that is accepted
  sluice tail default/shop --type order.    of one Broker, of some types
  sluice tail channels/default/jobs         of one Channel
  sluice tail --filter 'EXISTS subject'     that pass a CESQL expression
  sluice tail -o json | jq .id              one CloudEvent per line

Delivery never waits for a tail: one that is too slow misses some and says so.";

/// Flags of `sluice tail`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only this Broker, or channels/NS/CHANNEL, sequences/NS/NAME, parallels/NS/NAME
    #[arg(value_name = "NS/BROKER", value_parser = values::target)]
    target: Option<ObjectKey>,
    /// Only types that start with this
    #[arg(long = "type", value_name = "PREFIX")]
    type_prefix: Option<String>,
    /// Only events that pass this CESQL expression
    #[arg(long, value_name = "CESQL")]
    filter: Option<String>,
    /// How events are printed
    #[arg(short, long, default_value = "text", value_name = "text|json|yaml", hide_possible_values = true)]
    output: Format,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn run(args: Args, out: &mut Output) -> Result<Exit, CliError> {
    if let Some(text) = &args.filter {
        // Who waits for events that never pass learns why here and nowhere else.
        eval::parse(text, out)?;
    }
    let client = args.connection.client()?;
    if let Some(target) = &args.target
        && send::find_target(&client.objects().await?, target).is_none()
    {
        let (kind, kinds) = (target.kind.word(), target.kind.word().to_lowercase());
        out.note(format!("there is no {kind} `{target}` yet; `sluice get {kinds} -A` lists them"))?;
    }
    let target = args.target.as_ref().map(ToString::to_string);
    let mut tail =
        client.tail(target.as_deref(), args.type_prefix.as_deref(), args.filter.as_deref()).await?;
    while let Some(line) = tail.next().await? {
        match line {
            TailLine::Accepted(accepted) => print(args.output, &accepted, out)?,
            TailLine::Missed(gap) => {
                out.note(format!("{} events missed: this tail is too slow", gap.missed))?;
            }
        }
    }
    Err(CliError::NoServer(format!("the server at {} ended the stream", args.connection.server)))
}

fn print(format: Format, accepted: &Accepted, out: &mut Output) -> Result<(), CliError> {
    if format != Format::Text {
        return out.item(format, &accepted.event);
    }
    let json = Bytes::copy_from_slice(accepted.event.get().as_bytes());
    let event = event::json::decode(&json)
        .map_err(|error| CliError::Failed(format!("the server sent what is no event: {error}")))?;
    Ok(display::event(out, &format!("{} {}", accepted.accepted_at, accepted.target), &event)?)
}
