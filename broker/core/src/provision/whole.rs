//! A flow is in force as a whole: an event that comes in must find its first stage, and an answer the next one.

use super::Provisioner;
use crate::{Route, RoutingTable, TriggerRoute};
use std::sync::Arc;

impl Provisioner {
    /// True when the channel is open, and the groups are there without which the target is none: those of a flow.
    pub(super) fn is_whole(&self, route: &Route) -> bool {
        let object = route.key.object();
        let Some(provisioned) = self.provisioned.get(&route.channel.id) else { return false };
        let is_there = |t: &TriggerRoute| provisioned.groups.get(&t.group) == Some(&t.spec);
        route.triggers.iter().all(|t| is_there(t) || t.group.object() != object)
    }

    /// The table, but flows whose stages are not all there yet are as they were before. Those that are new have no
    /// stages, and the door takes nothing for them.
    pub(super) fn as_far_as_whole(&self, table: &RoutingTable) -> RoutingTable {
        let mut table = table.clone();
        for route in table.routes.values_mut().filter(|route| route.key.kind.is_flow()) {
            if !self.is_whole(route) {
                let before =
                    self.routes.route(&route.key).filter(|before| before.channel.id == route.channel.id);
                *route =
                    before.unwrap_or_else(|| Arc::new(Route { triggers: Vec::new(), ..Route::clone(route) }));
            }
        }
        table
    }
}
