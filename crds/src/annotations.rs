//! Our annotations: what Knative's API has no field for. All of them are listed in `docs/annotations.md`.

use crate::report::Report;
use crate::{duration, field_path, nearest};
use broker_core::{Order, StartAt};
use event::Timestamp;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::Duration;

/// Prefix of all of them.
pub const PREFIX: &str = "sluice.dev/";

/// On a Trigger or Subscription: events that are being delivered at the same time.
pub const MAX_IN_FLIGHT: &str = "sluice.dev/max-in-flight";
/// On a Trigger or Subscription: `key` keeps the order of events with the same `partitionkey`.
pub const ORDER: &str = "sluice.dev/order";
/// On a Trigger or Subscription: events that may wait for a retry before the Trigger falls back to being a cursor.
pub const MAX_WAITING: &str = "sluice.dev/max-waiting";
/// On a Trigger or Subscription: `now`, `earliest` or a time; where a new one begins.
pub const START: &str = "sluice.dev/start";
/// On a Trigger or Subscription: `"true"` stops delivery; events are kept.
pub const PAUSED: &str = "sluice.dev/paused";
/// On a Trigger or Subscription: the Secret with the certificate that is shown to its sinks.
pub const CLIENT_CERTIFICATE: &str = "sluice.dev/client-certificate";
/// On a Trigger or Subscription: asks the sink for consent before events are sent.
pub const WEBHOOK_HANDSHAKE: &str = "sluice.dev/webhook-handshake";
/// On a Broker or Channel: how long finished events are kept for replay, ISO 8601.
pub const RETENTION: &str = "sluice.dev/retention";
/// On a Broker or Channel: bytes its events may take on disk.
pub const DISK_BUDGET: &str = "sluice.dev/disk-budget";
/// On a Broker or Channel: the backend that keeps its events.
pub const CHANNEL: &str = "sluice.dev/channel";
/// On a Broker or Channel: rounds that an event may make through replies.
pub const HOPS: &str = "sluice.dev/hops";

/// Those of a Trigger or Subscription.
pub const OF_TRIGGERS: [&str; 7] =
    [MAX_IN_FLIGHT, ORDER, MAX_WAITING, START, PAUSED, CLIENT_CERTIFICATE, WEBHOOK_HANDSHAKE];
/// Those of a Broker or Channel.
pub const OF_BROKERS: [&str; 4] = [RETENTION, DISK_BUDGET, CHANNEL, HOPS];
/// Those of a Sequence or Parallel: of its channel, and of each of its steps or branches.
pub const OF_FLOWS: [&str; 7] = [DISK_BUDGET, CHANNEL, HOPS, MAX_IN_FLIGHT, ORDER, MAX_WAITING, PAUSED];

/// Knative's: the class of a Broker.
pub const BROKER_CLASS: &str = "eventing.knative.dev/broker.class";
/// Knative's: `ordered` means [`ORDER`] `key`.
pub const KAFKA_DELIVERY_ORDER: &str = "kafka.eventing.knative.dev/delivery.order";
/// Knative's: where an InMemoryChannel would run, `cluster` or `namespace`. No meaning here.
pub const SCOPE: &str = "eventing.knative.dev/scope";
/// Knative's: an object that a Trigger depends on, as JSON.
pub const DEPENDENCY: &str = "knative.dev/dependency";

/// A window beyond this buys nothing and costs connections.
const MAX_IN_FLIGHT_LIMIT: usize = 10_000;
/// A waiting event takes some 100 bytes of memory.
const MAX_WAITING_LIMIT: usize = 10_000_000;

/// What the annotations of a Trigger or Subscription say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TriggerSettings {
    pub(crate) max_in_flight: NonZeroUsize,
    pub(crate) max_waiting: usize,
    pub(crate) order: Order,
    pub(crate) start: StartAt,
    pub(crate) paused: bool,
    pub(crate) handshake: bool,
    /// Name of a Secret in the Trigger's namespace.
    pub(crate) client_certificate: Option<String>,
}

impl Default for TriggerSettings {
    fn default() -> Self {
        Self {
            max_in_flight: NonZeroUsize::new(100).expect("100 is not zero"),
            max_waiting: 100_000,
            order: Order::None,
            start: StartAt::Now,
            paused: false,
            handshake: false,
            client_certificate: None,
        }
    }
}

/// What the annotations of a Broker or Channel say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TargetSettings {
    pub(crate) retention: Duration,
    pub(crate) disk_budget: Option<u64>,
    pub(crate) channel: Option<String>,
    pub(crate) hops: u8,
}

impl Default for TargetSettings {
    fn default() -> Self {
        Self { retention: Duration::ZERO, disk_budget: None, channel: None, hops: u8::MAX }
    }
}

/// The field under which an annotation's problems are reported.
pub(crate) fn field(name: &str) -> String {
    field_path("metadata.annotations", name)
}

type Annotations = BTreeMap<String, String>;

/// Of a Trigger or Subscription.
pub(crate) fn of_trigger(annotations: &Annotations, report: &mut Report<'_>) -> TriggerSettings {
    check_names(annotations, &OF_TRIGGERS, "Broker or Channel", report);
    trigger_settings(annotations, report)
}

/// Of a Sequence or Parallel: those of its channel, and those of each of its groups.
pub(crate) fn of_flow(
    annotations: &Annotations,
    report: &mut Report<'_>,
) -> (TargetSettings, TriggerSettings) {
    check_names(annotations, &OF_FLOWS, "Broker, Channel, Trigger or Subscription", report);
    let ours = |(name, value): (&String, &String)| {
        let foreign = name.starts_with(PREFIX) && !OF_FLOWS.contains(&name.as_str());
        (!foreign).then(|| (name.clone(), value.clone()))
    };
    let taken: Annotations = annotations.iter().filter_map(ours).collect();
    (target_settings(&taken, report), trigger_settings(&taken, report))
}

fn trigger_settings(annotations: &Annotations, report: &mut Report<'_>) -> TriggerSettings {
    let mut settings = TriggerSettings::default();
    let mut read = Reader { annotations, report };
    read.set(MAX_IN_FLIGHT, &mut settings.max_in_flight, |text| {
        let count = count(text, MAX_IN_FLIGHT_LIMIT)?;
        NonZeroUsize::new(count).ok_or_else(|| "must be at least 1".to_owned())
    });
    read.set(MAX_WAITING, &mut settings.max_waiting, |text| count(text, MAX_WAITING_LIMIT));
    read.set(KAFKA_DELIVERY_ORDER, &mut settings.order, |text| match text {
        "ordered" => Ok(Order::Key),
        "unordered" => Ok(Order::None),
        _ => Err(one_of(text, &["ordered", "unordered"])),
    });
    read.set(ORDER, &mut settings.order, |text| match text {
        "key" => Ok(Order::Key),
        _ => Err(format!("{}; leave the annotation out for any order", one_of(text, &["key"]))),
    });
    read.set(START, &mut settings.start, start);
    read.set(PAUSED, &mut settings.paused, truth);
    read.set(WEBHOOK_HANDSHAKE, &mut settings.handshake, truth);
    read.set(CLIENT_CERTIFICATE, &mut settings.client_certificate, |text| secret_name(text).map(Some));
    settings
}

/// Of a Broker or Channel.
pub(crate) fn of_target(annotations: &Annotations, report: &mut Report<'_>) -> TargetSettings {
    check_names(annotations, &OF_BROKERS, "Trigger or Subscription", report);
    target_settings(annotations, report)
}

fn target_settings(annotations: &Annotations, report: &mut Report<'_>) -> TargetSettings {
    let mut settings = TargetSettings::default();
    let mut read = Reader { annotations, report };
    read.set(RETENTION, &mut settings.retention, duration::parse);
    read.set(DISK_BUDGET, &mut settings.disk_budget, |text| bytes(text).map(Some));
    read.set(CHANNEL, &mut settings.channel, |text| Ok(Some(text.to_owned())));
    read.set(HOPS, &mut settings.hops, |text| match text.parse() {
        Ok(0) | Err(_) => Err(format!("`{}` is not a whole number from 1 to 255", text.escape_debug())),
        Ok(hops) => Ok(hops),
    });
    settings
}

/// Objects that none of ours belong on.
pub(crate) fn of_others(annotations: &Annotations, report: &mut Report<'_>) {
    check_names(annotations, &[], "Broker, Channel, Trigger or Subscription", report);
}

/// Warns about names that mean nothing on this object.
fn check_names(annotations: &Annotations, known: &[&str], elsewhere: &str, report: &mut Report<'_>) {
    let all = || OF_TRIGGERS.iter().chain(&OF_BROKERS).copied();
    for name in annotations.keys().filter(|name| name.starts_with(PREFIX)) {
        let message = match name.as_str() {
            name if known.contains(&name) => continue,
            name if all().any(|other| other == name) => {
                format!("it means nothing here: it belongs on a {elsewhere}")
            }
            name => {
                let short = |name: &'static str| name.strip_prefix(PREFIX).unwrap_or(name);
                let hint = nearest::hint(&name[PREFIX.len()..], all().map(short));
                format!("unknown annotation, it is ignored{hint}")
            }
        };
        report.warning(field(name), message);
    }
}

struct Reader<'r, 'o> {
    annotations: &'r Annotations,
    report: &'r mut Report<'o>,
}

impl Reader<'_, '_> {
    /// Sets `target` if the annotation is there and can be read.
    fn set<T>(&mut self, name: &str, target: &mut T, parse: impl FnOnce(&str) -> Result<T, String>) {
        let Some(text) = self.annotations.get(name) else { return };
        if let Some(value) = self.report.take(&field(name), parse(text)) {
            *target = value;
        }
    }
}

fn one_of(text: &str, words: &[&str]) -> String {
    let names: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    format!("`{}` is not {}", text.escape_debug(), names.join(" or "))
}

fn truth(text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(one_of(text, &["true", "false"])),
    }
}

fn count(text: &str, max: usize) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(count) if (1..=max).contains(&count) => Ok(count),
        _ => Err(format!("`{}` is not a whole number from 1 to {max}", text.escape_debug())),
    }
}

/// As in Kubernetes a Secret is only reached from its own namespace.
fn secret_name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    if text.is_empty() || !text.chars().all(plain) {
        return Err(format!(
            "`{}` is no name of a Secret: write the name alone, it is looked up in the Trigger's namespace",
            text.escape_debug()
        ));
    }
    Ok(text.to_owned())
}

fn start(text: &str) -> Result<StartAt, String> {
    match text {
        "now" => Ok(StartAt::Now),
        "earliest" => Ok(StartAt::Earliest),
        _ => {
            let time: Option<jiff::Timestamp> = text.parse().ok();
            let millis = time.and_then(|time| u64::try_from(time.as_millisecond()).ok());
            millis.map(|millis| StartAt::Time(Timestamp(millis))).ok_or_else(|| {
                format!(
                    "`{}` is not `now`, `earliest` or a time such as `2026-03-01T12:00:00Z`",
                    text.escape_debug()
                )
            })
        }
    }
}

/// Bytes with a unit: `K M G T` and `KB ..` count in thousands, `Ki ..` and `KiB ..` in 1024.
fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{}` is no size in bytes; write for example `10GiB`", text.escape_debug());
    if text.ends_with('%') {
        return Err("a share depends on the machine: write bytes, for example `10GiB`".to_owned());
    }
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let unit = unit.strip_suffix('B').unwrap_or(unit);
    let (base, letter) = unit.strip_suffix('i').map_or((1000u64, unit), |letter| (1024, letter));
    let power = match (letter, base) {
        ("", 1000) => 0,
        ("K" | "k", _) => 1,
        ("M", _) => 2,
        ("G", _) => 3,
        ("T", _) => 4,
        _ => return Err(wrong()),
    };
    match number.checked_mul(base.pow(power)) {
        Some(0) => Err("a budget of nothing takes no event".to_owned()),
        Some(bytes) => Ok(bytes),
        None => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_take_both_families_of_units() {
        for (text, want) in [
            ("1024", 1024),
            ("5kB", 5000),
            ("10GiB", 10 << 30),
            ("10Gi", 10 << 30),
            ("2G", 2_000_000_000),
            ("7B", 7),
        ] {
            assert_eq!(bytes(text), Ok(want), "{text}");
        }
        for text in ["", "0", "GiB", "-1", "1.5G", "50%", "10Xi", "10iB", "99999999999T", " 1G"] {
            assert!(bytes(text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn a_start_is_a_word_or_a_time() {
        assert_eq!(start("earliest"), Ok(StartAt::Earliest));
        assert_eq!(start("1970-01-01T00:00:01+00:00"), Ok(StartAt::Time(Timestamp(1000))));
        for text in ["", "latest", "2026-03-01", "1969-12-31T23:59:59Z"] {
            assert!(start(text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn the_page_lists_every_annotation() {
        let page = include_str!("../../docs/annotations.md");
        for name in OF_TRIGGERS.iter().chain(&OF_BROKERS).chain(&[
            BROKER_CLASS,
            KAFKA_DELIVERY_ORDER,
            DEPENDENCY,
            SCOPE,
        ]) {
            assert!(page.contains(&format!("`{name}`")), "docs/annotations.md does not name `{name}`");
        }
        for ours in page.split('`').filter(|word| word.starts_with(PREFIX) && *word != PREFIX) {
            let name = ours.split(':').next().unwrap_or(ours);
            assert!(OF_TRIGGERS.contains(&name) || OF_BROKERS.contains(&name), "`{name}` is in no code");
        }
    }
}
