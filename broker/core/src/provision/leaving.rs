//! What the table no longer has.

use super::{Provisioned, Provisioner};
use crate::{Channel, ChannelId, GroupName, Readiness, RoutingTable, State};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tokio::time::Instant;

impl Provisioner {
    /// What none of the tables has keeps its place for a while, and gets nothing any more.
    pub(super) async fn let_go(&mut self, tables: [&RoutingTable; 2]) {
        let mut wanted: BTreeMap<&ChannelId, BTreeSet<&GroupName>> = BTreeMap::new();
        for route in tables.iter().flat_map(|table| table.routes.values()) {
            wanted.entry(&route.channel.id).or_default().extend(route.triggers.iter().map(|t| &t.group));
        }
        let nothing = BTreeSet::new();
        let mut gone = Vec::new();
        for (id, provisioned) in &mut self.provisioned {
            let kept = wanted.get(id).unwrap_or(&nothing);
            let leaving = provisioned.leaving(kept);
            let staying = if leaving.is_empty() { Staying::new() } else { by_object(kept) };
            for group in leaving {
                provisioned.forget(&group, &staying, &self.readiness);
                if let Some(channel) = self.channels.get(id)
                    && let Err(error) = channel.park_group(&group).await
                {
                    tracing::warn!(trigger = %group, %error, "the removed trigger could not be parked");
                }
                say_what_waits(&group, self.channels.get(id).as_deref());
            }
            if !wanted.contains_key(id) {
                gone.push(id.clone());
            }
        }
        for id in gone {
            let Some(provisioned) = self.provisioned.remove(&id) else { continue };
            if let Some(channel) = self.channels.remove(&id) {
                self.removed.insert(id, (channel, provisioned.channel.backend, Instant::now()));
            }
        }
    }
}

/// A step that is taken out of a flow leaves its events behind: no list shows them, so the log does.
fn say_what_waits(group: &GroupName, channel: Option<&dyn Channel>) {
    let events = channel.and_then(|channel| channel.lag(group)).map_or(0, |lag| lag.backlog);
    if events > 0 {
        tracing::warn!(
            trigger = %group,
            events,
            "removed with events that it has not finished: they are kept for `--keep-removed`, put it back to have them delivered"
        );
    }
}

impl Provisioned {
    fn leaving(&self, kept: &BTreeSet<&GroupName>) -> Vec<GroupName> {
        self.groups.keys().chain(&self.attempted).filter(|group| !kept.contains(group)).cloned().collect()
    }

    fn forget(&mut self, group: &GroupName, staying: &Staying<'_>, readiness: &Readiness) {
        self.groups.remove(group);
        let failed = self.attempted.remove(group);
        let object = group.object();
        match staying.get(&object) {
            None => readiness.remove(&object),
            Some(others) if failed && others.iter().all(|other| self.groups.contains_key(*other)) => {
                readiness.set(&object, State::Ready);
            }
            Some(_) => {}
        }
    }
}

/// An object may lose one group and keep others.
type Staying<'t> = HashMap<String, Vec<&'t GroupName>>;

fn by_object<'t>(groups: &BTreeSet<&'t GroupName>) -> Staying<'t> {
    let mut objects = Staying::new();
    for group in groups {
        objects.entry(group.object()).or_default().push(group);
    }
    objects
}
