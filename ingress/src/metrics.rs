//! What the listener counts.

use broker_core::ObjectKey;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// The `target` of requests for something that is not there: one label, whatever they asked for.
const UNKNOWN: &str = "unknown";

/// The listener's metrics. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Metrics {
    accepted: Family<Target, Counter>,
    refused: Family<Refused, Counter>,
    pub(crate) connections: Gauge,
    pub(crate) connections_cut: Counter,
    pub(crate) connection_limit_reached: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Target {
    target: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    target: String,
    reason: &'static str,
}

impl Metrics {
    /// Registers the listener's metrics.
    pub fn new(registry: &mut Registry) -> Self {
        let metrics = Self {
            accepted: Family::default(),
            refused: Family::default(),
            connections: Gauge::default(),
            connections_cut: Counter::default(),
            connection_limit_reached: Counter::default(),
        };
        registry.register(
            "sluice_events_accepted",
            "Events answered with 202: they are durable",
            metrics.accepted.clone(),
        );
        registry.register(
            "sluice_events_refused",
            "Events not accepted, by reason; a request whose events could not be counted is one",
            metrics.refused.clone(),
        );
        registry.register(
            "sluice_ingress_connections",
            "Open connections of the event listener",
            metrics.connections.clone(),
        );
        registry.register(
            "sluice_ingress_connections_cut",
            "Connections closed because no request came in time",
            metrics.connections_cut.clone(),
        );
        registry.register(
            "sluice_ingress_connection_limit_reached",
            "Times that the event listener stopped accepting because of its connection limit",
            metrics.connection_limit_reached.clone(),
        );
        metrics
    }

    /// The counter of a target's accepted events, to be looked up once.
    pub(crate) fn accepted(&self, target: &ObjectKey) -> Counter {
        self.accepted.get_or_create(&Target { target: target.to_string() }).clone()
    }

    pub(crate) fn refused(&self, target: Option<&ObjectKey>, reason: &'static str, events: usize) {
        let target = target.map_or_else(|| UNKNOWN.to_owned(), ObjectKey::to_string);
        let events = u64::try_from(events).unwrap_or(u64::MAX);
        self.refused.get_or_create(&Refused { target, reason }).inc_by(events);
    }
}
