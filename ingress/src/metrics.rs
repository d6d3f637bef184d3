//! What the listener counts.

use crate::tls::Reason;
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
    handshakes_failed: Family<Failed, Counter>,
    pub(crate) tls_loaded: Counter,
    pub(crate) tls_refused: Counter,
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

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Failed {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reload {
    result: &'static str,
}

impl Metrics {
    /// Registers the listener's metrics.
    pub fn new(registry: &mut Registry) -> Self {
        let reloads = Family::<Reload, Counter>::default();
        let reload = |result| reloads.get_or_create(&Reload { result }).clone();
        let metrics = Self {
            accepted: Family::default(),
            refused: Family::default(),
            connections: Gauge::default(),
            connections_cut: Counter::default(),
            connection_limit_reached: Counter::default(),
            handshakes_failed: Family::default(),
            tls_loaded: reload("loaded"),
            tls_refused: reload("refused"),
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
        registry.register(
            "sluice_ingress_tls_handshakes_failed",
            "TLS handshakes of the event listener that failed, by reason",
            metrics.handshakes_failed.clone(),
        );
        registry.register(
            "sluice_ingress_tls_reloads",
            "Changed certificates of the event listener: loaded, or refused so that the old one stays in force",
            reloads,
        );
        // Every reason is there from the start: an alert on a counter that is not there never fires.
        for reason in Reason::ALL {
            metrics.handshake_failed(reason);
        }
        metrics
    }

    /// The counter of handshakes that failed for a reason, to be looked up once.
    pub(crate) fn handshake_failed(&self, reason: Reason) -> Counter {
        self.handshakes_failed.get_or_create(&Failed { reason: reason.label() }).clone()
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
