//! `sluice sink`: a sink for trying things.

mod answer;

use crate::display;
use crate::error::{CliError, Exit};
use crate::output::{BAD, Format, GOOD, Output};
use crate::values;
use answer::{Behaviour, Seen, router};
use http::StatusCode;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const EXAMPLES: &str = "\
Examples:
  sluice sink                       print what comes, answer 200
  sluice sink --fail-first 3        503 three times, then 200: see the retries
  sluice sink --status 400          refuse for good: see the dead letters
  sluice sink --hang                never answer: see the time-out
  sluice sink --reply order.billed  answer with an event of that type";

/// Requests that were answered and are not printed yet; answers wait for the printing beyond that.
const UNPRINTED: usize = 1024;

/// Flags of `sluice sink`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where it listens
    #[arg(long, default_value = "127.0.0.1:3000", value_parser = values::address, value_name = "HOST:PORT")]
    listen: SocketAddr,
    /// Status of the answers [default: 200]; with --fail-first, of the failures [default: 503]
    #[arg(long, value_name = "CODE", value_parser = status)]
    status: Option<StatusCode>,
    /// Fail this many requests, then answer 200
    #[arg(long, value_name = "N")]
    fail_first: Option<u64>,
    /// Wait before each answer
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    delay: Option<Duration>,
    /// Never answer
    #[arg(long)]
    hang: bool,
    /// Answer with an event of this type and the same payload
    #[arg(long, value_name = "TYPE")]
    reply: Option<String>,
    /// How events are printed
    #[arg(short, long, default_value = "text", value_name = "text|json|yaml", hide_possible_values = true)]
    output: Format,
}

pub(crate) async fn run(args: Args, out: &mut Output) -> Result<Exit, CliError> {
    let listener = TcpListener::bind(args.listen).await.map_err(|error| {
        CliError::Failed(format!("--listen {}: {error}; choose another port", args.listen))
    })?;
    let stop = CancellationToken::new();
    let interrupted = stop.clone();
    tokio::select! {
        done = serve(&args, listener, stop, out) => done,
        _ = tokio::signal::ctrl_c() => {
            interrupted.cancel();
            Ok(Exit::Done)
        }
    }
}

/// Answers and prints until `stop`.
pub(crate) async fn serve(
    args: &Args,
    listener: TcpListener,
    stop: CancellationToken,
    out: &mut Output,
) -> Result<Exit, CliError> {
    out.note(format!("listening on http://{}", listener.local_addr().map_err(CliError::Output)?))?;
    let (seen, mut arrivals) = mpsc::channel(UNPRINTED);
    let serving = admin::serve(listener, router(Behaviour::new(args), seen), stop);
    let printing = async {
        while let Some(seen) = arrivals.recv().await {
            print(args.output, &seen, out)?;
        }
        Ok(Exit::Done)
    };
    tokio::join!(serving, printing).1
}

fn print(format: Format, seen: &Seen, out: &mut Output) -> Result<(), CliError> {
    let answer = match seen.status {
        Some(status) if status.is_success() => out.paint(GOOD, status.as_str()),
        Some(status) => out.paint(BAD, status.as_str()),
        None => out.paint(BAD, "no answer"),
    };
    match &seen.events {
        Err(why) => out.note(format!("{} {answer} not an event: {why}", seen.at))?,
        Ok(events) if format == Format::Text => {
            for event in events {
                display::event(out, &format!("{} {answer}", seen.at), event)?;
            }
        }
        Ok(events) => {
            for event in events {
                out.item(format, &display::json(event))?;
            }
        }
    }
    Ok(())
}

fn status(text: &str) -> Result<StatusCode, String> {
    text.parse::<StatusCode>()
        .ok()
        .filter(|status| (200..600).contains(&status.as_u16()))
        .ok_or_else(|| "expected a status from 200 to 599".to_owned())
}
