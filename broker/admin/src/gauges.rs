//! Gauges that are read when somebody looks, not kept up to date for nobody.

use crate::progress::{Progress, for_each_route};
use broker_core::{Channels, Health, Routes};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use std::collections::BTreeMap;
use std::fmt;
use tokio::sync::watch;

/// Lag, waiting, in flight and dead letters per trigger, and whether each backend is up.
/// Register it with `Registry::register_collector`; a trigger that is gone is gone from the next scrape.
pub struct Gauges {
    routes: Routes,
    channels: Channels,
    backends: BTreeMap<String, watch::Receiver<Health>>,
}

impl Gauges {
    /// Gauges over what is declared and open.
    #[must_use]
    pub fn new(
        routes: Routes,
        channels: Channels,
        backends: BTreeMap<String, watch::Receiver<Health>>,
    ) -> Self {
        Self { routes, channels, backends }
    }

    fn triggers(&self) -> Vec<(String, Progress)> {
        let mut all = Vec::new();
        for_each_route(&self.routes, &self.channels, |broker| {
            all.extend(broker.triggers.iter().map(|(group, progress)| (group.to_string(), progress.clone())));
        });
        all
    }
}

impl fmt::Debug for Gauges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gauges").field("backends", &self.backends.keys()).finish_non_exhaustive()
    }
}

/// A gauge's name, its help, and where its value is.
type TriggerGauge = (&'static str, &'static str, fn(&Progress) -> f64);

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; 2^53 events are enough")]
const TRIGGER_GAUGES: &[TriggerGauge] = &[
    ("sluice_trigger_lag", "Events accepted and not finished", |p| p.backlog as f64),
    ("sluice_trigger_waiting", "Events waiting for another attempt", |p| p.retrying as f64),
    ("sluice_trigger_in_flight", "Events with the sink at the moment", |p| p.in_flight as f64),
    ("sluice_trigger_oldest_seconds", "Age of the oldest event not finished", |p| p.oldest_seconds),
    ("sluice_dead_letters", "Entries in the dead letter store", |p| p.dead as f64),
];

impl Collector for Gauges {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let triggers = self.triggers();
        for (name, help, value) in TRIGGER_GAUGES {
            let samples = triggers.iter().map(|(group, progress)| (group.as_str(), value(progress)));
            encode(&mut encoder, name, help, "trigger", samples)?;
        }
        let backends = self
            .backends
            .iter()
            .map(|(name, health)| (name.as_str(), f64::from(*health.borrow() == Health::Up)));
        encode(
            &mut encoder,
            "sluice_backend_up",
            "Whether appends are expected to succeed",
            "backend",
            backends,
        )
    }
}

fn encode<'a>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    label: &str,
    samples: impl Iterator<Item = (&'a str, f64)>,
) -> fmt::Result {
    let mut samples = samples.peekable();
    if samples.peek().is_none() {
        return Ok(());
    }
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (value_of_label, value) in samples {
        ConstGauge::new(value).encode(family.encode_family(&[(label, value_of_label)])?)?;
    }
    Ok(())
}
