//! A trigger as its worker sees it.

use crate::client::Pool;
use crate::doomed::DoomedEvents;
use crate::handshake::Handshake;
use crate::metrics::{Meters, Metrics};
use crate::outlet::Outlet;
use crate::pace::Pace;
use crate::print::Printer;
use broker_core::{
    Channel, ChannelId, Channels, Delivery, Lane, Position, Publisher, Readiness, Sink, TriggerRoute,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// What all triggers of a dispatcher use.
pub(crate) struct Means {
    pub(crate) channels: Channels,
    pub(crate) publisher: Publisher,
    pub(crate) pool: Arc<Pool>,
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) printer: Printer,
    pub(crate) metrics: Metrics,
    /// An answer that claims to be an event is read up to here.
    pub(crate) reply_bytes: usize,
}

/// A trigger of one routing table. Another table makes another one, with the same [`Memory`].
pub(crate) struct Trigger {
    pub(crate) route: Arc<TriggerRoute>,
    pub(crate) means: Arc<Means>,
    /// The channel that lends to it.
    pub(crate) id: ChannelId,
    memory: Arc<Memory>,
    pace: Arc<Pace>,
    /// Made for the first event: an idle trigger has none.
    gear: OnceLock<Box<Gear>>,
}

/// What outlives a changed sink.
#[derive(Default)]
struct Memory {
    doomed: DoomedEvents,
    failing: AtomicBool,
}

/// What it takes to deliver.
pub(crate) struct Gear {
    pub(crate) sink: Outlet,
    pub(crate) dead_letter_sink: Option<Outlet>,
    /// Of a sink over HTTP that is to be asked for its consent.
    pub(crate) handshake: Option<Handshake>,
    pub(crate) meters: Meters,
}

impl Trigger {
    pub(crate) fn new(channel: ChannelId, route: Arc<TriggerRoute>, means: Arc<Means>) -> Self {
        Self {
            route,
            means,
            id: channel,
            memory: Arc::default(),
            pace: Arc::default(),
            gear: OnceLock::new(),
        }
    }

    /// The same trigger with another sink, reply or delivery.
    pub(crate) fn changed(&self, route: Arc<TriggerRoute>) -> Self {
        // What was asked for by a sink, also by its answers that are still to come, is no matter of another one.
        let same = route.sink == self.route.sink && route.handshake == self.route.handshake;
        let pace = if same { self.pace.clone() } else { Arc::default() };
        let (means, id, memory) = (self.means.clone(), self.id.clone(), self.memory.clone());
        Self { route, means, id, memory, pace, gear: OnceLock::new() }
    }

    pub(crate) fn gear(&self) -> &Gear {
        self.gear.get_or_init(|| {
            let outlet = |sink| Outlet::new(sink, &self.route.namespace, &self.means);
            let asked = self.route.handshake && matches!(self.route.sink, Sink::Http(_));
            let sink = outlet(&self.route.sink);
            Box::new(Gear {
                sink: if asked { sink.with_origin(&self.route.namespace) } else { sink },
                handshake: asked.then(Handshake::default),
                dead_letter_sink: self.route.dead_letter_sink.as_ref().map(outlet),
                meters: self.means.metrics.of(self.route.group.as_str()),
            })
        })
    }

    /// The channel that lends to it, while it is open.
    pub(crate) fn channel(&self) -> Option<Arc<dyn Channel>> {
        self.means.channels.get(&self.id)
    }

    /// How fast events may go.
    pub(crate) fn pace(&self) -> &Pace {
        &self.pace
    }

    /// True until a sink that must agree has agreed: events go one after the other, so that one asks for all.
    pub(crate) fn awaits_consent(&self) -> bool {
        self.route.handshake && self.gear().handshake.as_ref().is_some_and(|handshake| !handshake.is_done())
    }

    pub(crate) fn doomed(&self) -> &DoomedEvents {
        &self.memory.doomed
    }

    /// The id of the dead letter that this delivery becomes, the same in every process and after every restart.
    pub(crate) fn entry_id(&self, lane: Lane, position: Position) -> String {
        let hash = fnv64([self.id.as_str(), self.route.group.as_str()]);
        format!("{}-{position}-{hash:016x}", lane.0)
    }

    /// Somebody else is responsible for the event: if it was redriven, its dead letter goes. False when that
    /// could not be written, so that the event must not be acked.
    pub(crate) async fn resolve(&self, delivery: &Delivery) -> bool {
        let Some(id) = &delivery.record.envelope.redrive else { return true };
        let Some(channel) = self.channel() else { return false };
        match channel.dead_letters().resolved(id).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(trigger = %self.route.group, entry = id, %error, "a redriven dead letter could not be removed; its event comes again");
                false
            }
        }
    }

    /// Says that deliveries fail: in the status always, in the log once.
    pub(crate) fn note_failure(&self, delivery: &Delivery, reason: &str) {
        self.means.readiness.set_failing(&self.route.group, reason);
        if !self.memory.failing.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                trigger = %self.route.group,
                sink = self.gear().sink.address(),
                event = delivery.record.event.id(),
                attempt = delivery.attempt,
                reason,
                "deliveries fail; said once until one succeeds"
            );
        }
    }

    /// Says that deliveries succeed again, once.
    pub(crate) fn note_success(&self) {
        if self.memory.failing.load(Ordering::Relaxed) && self.memory.failing.swap(false, Ordering::Relaxed) {
            self.means.readiness.clear_failing(&self.route.group);
            tracing::info!(trigger = %self.route.group, "deliveries succeed again");
        }
    }
}

/// FNV-1a with a separator after each part: the same in every version, because ids are stored.
fn fnv64<const N: usize>(parts: [&str; N]) -> u64 {
    let bytes = parts.into_iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries of earlier versions are found again.
    #[test]
    fn the_hash_in_an_entry_id_never_changes() {
        assert_eq!(fnv64(["broker/default/shop", "default/orders"]), 0x455b_79fc_6e2a_9ada);
        assert_ne!(fnv64(["ab", "c"]), fnv64(["a", "bc"]));
    }
}
