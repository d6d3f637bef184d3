//! From what runs and what should run to what must change. Pure.

use broker_core::{ChannelId, GroupName, RoutingTable, TriggerRoute};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A group of a channel: one worker.
pub(crate) type Key = (ChannelId, GroupName);

/// One step from the old table to the new one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// A new trigger.
    Start(Key, Arc<TriggerRoute>),
    /// The same trigger delivers differently from the next event on.
    Replace(Key, Arc<TriggerRoute>),
    /// It is gone.
    Stop(Key),
}

/// What must change so that exactly the triggers of `table` run. Stops come first.
pub(crate) fn plan(running: &BTreeMap<Key, Arc<TriggerRoute>>, table: &RoutingTable) -> Vec<Change> {
    let wanted: BTreeMap<Key, &Arc<TriggerRoute>> = table
        .routes
        .values()
        .flat_map(|route| route.triggers.iter().map(|t| ((route.channel.id.clone(), t.group.clone()), t)))
        .collect();
    let stops = running.keys().filter(|key| !wanted.contains_key(*key)).cloned().map(Change::Stop);
    let rest = wanted.iter().filter_map(|(key, route)| match running.get(key) {
        None => Some(Change::Start(key.clone(), (*route).clone())),
        Some(old) if delivers_alike(old, route) => None,
        Some(_) => Some(Change::Replace(key.clone(), (*route).clone())),
    });
    stops.chain(rest).collect()
}

/// Filter, window, order and pause are the engine's.
fn delivers_alike(a: &Arc<TriggerRoute>, b: &Arc<TriggerRoute>) -> bool {
    Arc::ptr_eq(a, b)
        || (a.sink == b.sink
            && a.reply == b.reply
            && a.delivery == b.delivery
            && a.dead_letter_sink == b.dead_letter_sink
            && a.namespace == b.namespace)
}
