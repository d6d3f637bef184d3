//! What the log tells about itself.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// Handles, taken once.
pub(crate) struct Metrics {
    pub(crate) appended: Counter,
    pub(crate) fsync: Histogram,
    pub(crate) bytes: Gauge,
    pub(crate) segments: Gauge,
    pub(crate) damaged: Counter,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        // 50 us (a good disk) to 1.6 s (a disk in trouble).
        let fsync = Histogram::new(exponential_buckets(50e-6, 2.0, 16));
        let metrics = Self {
            appended: Counter::default(),
            fsync,
            bytes: Gauge::default(),
            segments: Gauge::default(),
            damaged: Counter::default(),
        };
        registry.register("sluice_log_appended", "Records that are durable", metrics.appended.clone());
        registry.register("sluice_log_fsync_seconds", "Time of one fdatasync", metrics.fsync.clone());
        registry.register("sluice_log_bytes", "Bytes of all segment files", metrics.bytes.clone());
        registry.register("sluice_log_segments", "Segments that hold records", metrics.segments.clone());
        registry.register("sluice_log_damaged", "Damaged places found", metrics.damaged.clone());
        metrics
    }
}
