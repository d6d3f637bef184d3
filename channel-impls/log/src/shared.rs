//! What the parts of one log have in common.

use crate::catalog::Catalog;
use crate::disk::Disk;
use crate::hold;
use crate::metrics::Metrics;
use crate::options::LogOptions;
use crate::queue::Queue;
use crate::segments::Segments;
use crate::{Damage, lane::Lane};
use broker_core::Health;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// Places kept for [`crate::LogBackend::damage`]; the metric counts them all.
const DAMAGE_KEPT: usize = 1000;

pub(crate) struct Shared {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) options: LogOptions,
    pub(crate) queue: Queue,
    pub(crate) catalog: Mutex<Catalog>,
    pub(crate) segments: Segments,
    pub(crate) metrics: Metrics,
    pub(crate) health: watch::Sender<Health>,
    pub(crate) damage: Mutex<Vec<Damage>>,
}

impl Shared {
    /// A damaged place was found.
    pub(crate) fn report(&self, damage: Damage) {
        tracing::warn!(file = damage.file, offset = damage.offset, bytes = damage.bytes, "damaged, skipped");
        self.metrics.damaged.inc();
        let mut kept = hold(&self.damage);
        if kept.len() < DAMAGE_KEPT && !kept.contains(&damage) {
            kept.push(damage);
        }
    }

    /// A lane was truncated: it is to be written down, and the space to be given back if a segment `left` it.
    pub(crate) fn truncated(&self, lane: &Arc<Lane>, left: bool) {
        if !lane.unmarked.swap(true, Ordering::AcqRel) {
            self.queue.mark(lane.clone());
        }
        if left {
            self.segments.look();
        }
    }

    /// Health after a step; a failed log stays failed. True when it is news.
    pub(crate) fn set_health(&self, health: Health) -> bool {
        self.health.send_if_modified(|now| {
            let change = *now != health && !matches!(now, Health::Failed(_));
            if change {
                *now = health;
            }
            change
        })
    }
}
