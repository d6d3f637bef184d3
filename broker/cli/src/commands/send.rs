//! `sluice send`: events to a Broker, a Channel or any other address.

mod message;
mod post;

use crate::connection::Connection;
use crate::error::{CliError, Exit};
use crate::output::{BAD, Format, GOOD, Output};
use crate::values;
use broker_core::{ObjectKey, TargetKind};
use futures::{Stream, StreamExt, stream};
use http::Uri;
use message::{Messages, Mode};
use post::{Outcome, Poster, Verdict};
use serde_json::Value;
use std::time::Duration;
use tokio::time::Interval;

const EXAMPLES: &str = "\
Examples:
  sluice send default/shop --type order.new --data '{\"total\":7}'
  sluice send channels/default/jobs --type job.new
  sluice send sequences/default/orders --type order.new
  sluice send http://127.0.0.1:8080/default/shop --data @order.json --ext eu=1
  sluice send https://events.example.com/default/shop --ca-bundle ca.crt
  cat photo.png | sluice send default/shop --content-type image/png --data -
  sluice send default/shop --count 100000 --rate 5000
  sluice send default/shop --count 100000 --batch 100

Exit code 0: all were taken; 1: some were not; 69: nobody answers there.";

/// Flags of `sluice send`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A URL, or NS/BROKER, channels/NS/CHANNEL, sequences/NS/NAME or parallels/NS/NAME of the running server
    target: String,
    /// Attribute type
    #[arg(long = "type", default_value = "dev.sluice.test", value_name = "TYPE")]
    ty: String,
    /// Attribute source
    #[arg(long, default_value = "/sluice/send", value_name = "URI")]
    source: String,
    /// Attribute id; with --count a number is put behind it [default: a new UUID each]
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Attribute subject
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,
    /// Extension attribute; repeatable
    #[arg(long, value_parser = values::extension, value_name = "NAME=VALUE")]
    ext: Vec<(String, String)>,
    /// Attribute datacontenttype [default: application/json or text/plain, as the data is]
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// Payload: the text itself, a file, or standard input
    #[arg(long, value_name = "TEXT|@FILE|-", allow_hyphen_values = true)]
    data: Option<String>,
    /// Attributes as headers, or everything in one JSON object
    #[arg(long, default_value = "binary", value_name = "binary|structured", hide_possible_values = true)]
    mode: Mode,
    /// How many events
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: u64,
    /// Events per request, in the batch format
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000), conflicts_with = "mode")]
    batch: Option<u64>,
    /// Events per second [default: as fast as they are taken]
    #[arg(long, value_name = "R", value_parser = rate)]
    rate: Option<f64>,
    /// Requests at the same time
    #[arg(long, default_value_t = 16, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    concurrency: u16,
    /// How results are printed
    #[arg(short, long, default_value = "text", value_name = "text|json|yaml", hide_possible_values = true)]
    output: Format,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn run(args: Args, out: &mut Output) -> Result<Exit, CliError> {
    let messages = Messages::new(&args)?;
    let poster = Poster::new(target(&args).await?, args.connection.ca_bundle()?.as_deref())?;
    let bar = out.bar(args.count);
    // A bar and a line per event on one terminal tear each other: then only what was refused is told.
    let only_refused = args.count > 1 && args.output == Format::Text && out.shows_bars();
    let outcomes = paced(&args)
        .map(|numbers| poster.post(messages.request(numbers)))
        .buffer_unordered(args.concurrency.into());
    let mut outcomes = std::pin::pin!(outcomes);
    let (mut taken, mut failed) = (0, 0);
    while let Some(outcome) = outcomes.next().await {
        match &outcome.verdict {
            Verdict::NoAnswer(why) if taken + failed == 0 => {
                bar.finish_and_clear();
                return Err(CliError::NoServer(format!("nobody answers at {}: {why}", poster.target())));
            }
            Verdict::Taken(_) => taken += outcome.ids.len(),
            Verdict::Refused(..) | Verdict::NoAnswer(_) => failed += outcome.ids.len(),
        }
        bar.inc(outcome.ids.len() as u64);
        if !only_refused || !matches!(outcome.verdict, Verdict::Taken(_)) {
            bar.suspend(|| print(&args, &outcome, out))?;
        }
    }
    bar.finish_and_clear();
    if args.count > 1 {
        out.note(format!("{taken} taken, {failed} not"))?;
    }
    Ok(if failed == 0 { Exit::Done } else { Exit::Failed })
}

/// The address: as given, or the target's as the server knows it.
async fn target(args: &Args) -> Result<Uri, CliError> {
    if args.target.contains("://") {
        return values::http_url(&args.target).map_err(CliError::Usage);
    }
    let target = values::target(&args.target)
        .map_err(|why| CliError::Usage(format!("`{}`: {why}, or a URL", args.target)))?;
    let objects = args.connection.client()?.objects().await?;
    let (kind, kinds) = (target.kind.word(), target.kind.word().to_lowercase());
    let found = find_target(&objects, &target).ok_or_else(|| {
        CliError::Failed(format!("there is no {kind} `{target}`; `sluice get {kinds} -A` lists them"))
    })?;
    let url = found["status"]["address"]["url"].as_str().ok_or_else(|| {
        CliError::Failed(format!(
            "{kind} `{target}` has no address yet; `sluice get {kinds} -A -o wide` says why"
        ))
    })?;
    values::http_url(url).map_err(CliError::Failed)
}

/// The target among the server's objects. Of a Channel and an InMemoryChannel of one name the one that has an address.
pub(super) fn find_target<'a>(objects: &'a [Value], target: &ObjectKey) -> Option<&'a Value> {
    let is_it = |object: &&Value| {
        let (kind, metadata) = (object["kind"].as_str().unwrap_or_default(), &object["metadata"]);
        let namespace = metadata["namespace"].as_str().unwrap_or("default");
        let of_kind =
            kind == target.kind.word() || (kind == "InMemoryChannel" && target.kind == TargetKind::Channel);
        of_kind && namespace == &*target.namespace && metadata["name"] == *target.name
    };
    let mut found = objects.iter().filter(is_it).collect::<Vec<_>>();
    found.sort_by_key(|object| object["status"]["address"].is_null());
    found.first().copied()
}

/// The events' numbers, as many as go into one request, no faster than wanted.
fn paced(args: &Args) -> impl Stream<Item = std::ops::Range<u64>> + use<> {
    let (count, step) = (args.count, args.batch.unwrap_or(1));
    let ticks = args.rate.map(|rate| {
        // A count is far below 2^52.
        #[expect(clippy::cast_precision_loss, reason = "a batch has at most 10000 events")]
        let every = Duration::from_secs_f64(step as f64 / rate);
        tokio::time::interval(every.max(Duration::from_nanos(1)))
    });
    stream::unfold((0, ticks), move |(start, mut ticks): (u64, Option<Interval>)| async move {
        if start >= count {
            return None;
        }
        if let Some(ticks) = &mut ticks {
            ticks.tick().await;
        }
        let end = count.min(start + step);
        Some((start..end, (end, ticks)))
    })
}

fn print(args: &Args, outcome: &Outcome, out: &mut Output) -> Result<(), CliError> {
    for id in &outcome.ids {
        match args.output {
            Format::Text => out.line(line(id, &outcome.verdict, out))?,
            format => out.item(format, &outcome.verdict.report(id))?,
        }
    }
    Ok(())
}

fn line(id: &str, verdict: &Verdict, out: &Output) -> String {
    match verdict {
        Verdict::Taken(status) => format!("{id} {}", out.paint(GOOD, status.as_str())),
        Verdict::Refused(status, detail) => {
            format!("{id} {} {detail}", out.paint(BAD, status.as_str())).trim_end().to_owned()
        }
        Verdict::NoAnswer(why) => format!("{id} {} {why}", out.paint(BAD, "no answer")),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|rate: &f64| (0.001..=1e6).contains(rate))
        .ok_or_else(|| "expected events per second, from 0.001 to 1000000".to_owned())
}
