//! From a table to channels and groups that exist: before a table is in force, everything in it can keep its word.
//!
//! A new trigger: its group is made, the table is published, then it is Ready. Removal goes the other way round,
//! and what is removed keeps its data for a while.

mod sweep;
mod whole;

use crate::engine::{Engine, Limits};
use crate::{
    Backend, Channel, ChannelId, ChannelOptions, ChannelRef, Channels, GroupName, GroupSpec, Held, Readiness,
    Route, RoutesPublisher, RoutingTable, State,
};
use futures::StreamExt;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Channels and groups that are provisioned side by side: their records share the log's syncs.
const SIDE_BY_SIDE: usize = 256;
/// Wait before what could not be provisioned is tried again.
const RETRY: Duration = Duration::from_secs(2);
/// How often removed things are looked at.
const SWEEP: Duration = Duration::from_secs(600);

/// Keeps channels and groups in line with the table.
pub struct Provisioner {
    backends: BTreeMap<String, Arc<dyn Backend>>,
    channels: Channels,
    routes: RoutesPublisher,
    readiness: Arc<Readiness>,
    limits: Limits,
    /// How long data of removed Brokers and state of removed Triggers are kept (`--keep-removed`).
    keep_removed: Duration,
    provisioned: BTreeMap<ChannelId, Provisioned>,
    /// Channels of Brokers that are gone, and since when as far as this process knows.
    removed: BTreeMap<ChannelId, (Arc<dyn Channel>, String, Instant)>,
    held: Held,
    /// How many tables are in force; 0: not ready yet.
    published: watch::Sender<u64>,
}

/// A channel as it was last brought in line.
struct Provisioned {
    channel: ChannelRef,
    groups: BTreeMap<GroupName, GroupSpec>,
}

impl Provisioner {
    /// A provisioner of nothing yet.
    #[must_use]
    pub fn new(
        backends: Vec<Arc<dyn Backend>>,
        channels: Channels,
        routes: RoutesPublisher,
        readiness: Arc<Readiness>,
        keep_removed: Duration,
    ) -> Self {
        Self {
            backends: backends.into_iter().map(|b| (b.name().to_owned(), b)).collect(),
            channels,
            routes,
            readiness,
            limits: Limits::default(),
            keep_removed,
            provisioned: BTreeMap::new(),
            removed: BTreeMap::new(),
            held: Held::default(),
            published: watch::Sender::new(0),
        }
    }

    /// How many tables have been put in force; readiness waits for the first.
    #[must_use]
    pub fn published(&self) -> watch::Receiver<u64> {
        self.published.subscribe()
    }

    /// Follows the tables until `stop`; then closes every channel.
    pub async fn run(mut self, mut tables: watch::Receiver<Arc<RoutingTable>>, stop: CancellationToken) {
        let mut sweep = Instant::now();
        loop {
            let table = tables.borrow_and_update().clone();
            let complete = self.apply(&table).await;
            if sweep <= Instant::now() {
                self.sweep().await;
                sweep = Instant::now() + SWEEP;
            }
            let again = if complete { sweep } else { Instant::now() + RETRY };
            tokio::select! {
                () = stop.cancelled() => break,
                changed = tables.changed() => if changed.is_err() {
                    stop.cancelled().await;
                    break;
                },
                () = tokio::time::sleep_until(again) => {}
            }
        }
        self.close().await;
    }

    /// Brings everything in line with the table and puts it in force, but for flows that are not whole yet. False:
    /// something is to be tried again.
    pub async fn apply(&mut self, table: &RoutingTable) -> bool {
        self.held = table.held.clone();
        let opened = self.open_channels(table).await;
        let grouped = self.ensure_groups(table).await;
        let in_force = self.as_far_as_whole(table);
        self.routes.publish(in_force.clone());
        self.published.send_modify(|n| *n += 1);
        self.let_go(&in_force).await;
        opened && grouped
    }

    /// Opens what is not open yet, side by side.
    async fn open_channels(&mut self, table: &RoutingTable) -> bool {
        let mut missing: Vec<Arc<Route>> = table.routes.values().cloned().collect();
        missing.retain(|route| !self.adopt(&route.channel));
        let mut opening = Vec::new();
        for route in missing {
            opening.push(open_route(&self.backends, route, &self.limits));
        }
        let opened: Vec<_> = futures::stream::iter(opening).buffer_unordered(SIDE_BY_SIDE).collect().await;
        let mut complete = true;
        for (route, opened) in opened {
            match opened {
                Ok(channel) => self.install(&route.channel, &channel),
                Err(message) => {
                    tracing::warn!(target = %route.key, message, "the channel cannot be opened, trying again");
                    self.readiness.set(&route.key.object(), not_ready("ChannelNotReady", message));
                    complete = false;
                }
            }
        }
        for route in table.routes.values().filter(|r| self.is_whole(r)) {
            self.readiness.set(&route.key.object(), State::Ready);
        }
        complete
    }

    /// True when the channel is open already, or was removed and is taken back.
    fn adopt(&mut self, wanted: &ChannelRef) -> bool {
        if let Some((channel, backend, _)) = self.removed.remove(&wanted.id) {
            if backend == wanted.backend {
                self.install(wanted, &channel);
                return true;
            }
            self.removed.insert(wanted.id.clone(), (channel, backend, Instant::now()));
        }
        let Some(provisioned) = self.provisioned.get_mut(&wanted.id) else { return false };
        if provisioned.channel.backend != wanted.backend {
            return false;
        }
        if provisioned.channel.options != wanted.options {
            provisioned.channel = wanted.clone();
            if let Some(channel) = self.channels.get(&wanted.id) {
                channel.configure(&wanted.options);
            }
        }
        true
    }

    fn install(&mut self, wanted: &ChannelRef, channel: &Arc<dyn Channel>) {
        channel.configure(&wanted.options);
        self.channels.insert(&wanted.id, channel);
        let provisioned = Provisioned { channel: wanted.clone(), groups: BTreeMap::new() };
        self.provisioned.insert(wanted.id.clone(), provisioned);
    }

    /// Makes new groups and tells the others what changed.
    async fn ensure_groups(&mut self, table: &RoutingTable) -> bool {
        let mut work = Vec::new();
        for route in table.routes.values() {
            let Some(channel) = self.channels.get(&route.channel.id) else { continue };
            let Some(provisioned) = self.provisioned.get(&route.channel.id) else { continue };
            for trigger in &route.triggers {
                if provisioned.groups.get(&trigger.group) != Some(&trigger.spec) {
                    let (channel, id, trigger) = (channel.clone(), route.channel.id.clone(), trigger.clone());
                    work.push(async move {
                        let ensured = channel.ensure_group(&trigger.group, trigger.spec.clone()).await;
                        (id, trigger, ensured)
                    });
                }
            }
        }
        // An object is Ready when all its groups are.
        let mut states: BTreeMap<String, State> = BTreeMap::new();
        let mut done = futures::stream::iter(work).buffer_unordered(SIDE_BY_SIDE);
        while let Some((id, trigger, ensured)) = done.next().await {
            let object = trigger.group.object();
            match ensured {
                Ok(()) => {
                    states.entry(object).or_insert(State::Ready);
                    if let Some(provisioned) = self.provisioned.get_mut(&id) {
                        provisioned.groups.insert(trigger.group.clone(), trigger.spec.clone());
                    }
                }
                Err(error) => {
                    tracing::warn!(trigger = %trigger.group, %error, "the group cannot be made, trying again");
                    states.insert(object, not_ready("SubscriptionNotReady", error.to_string()));
                }
            }
        }
        let complete = states.values().all(|state| *state == State::Ready);
        for (object, state) in states {
            self.readiness.set(&object, state);
        }
        complete
    }

    /// What the table no longer has keeps its place for a while, and gets nothing any more.
    async fn let_go(&mut self, table: &RoutingTable) {
        let mut wanted: BTreeMap<&ChannelId, BTreeSet<&GroupName>> = BTreeMap::new();
        for route in table.routes.values() {
            wanted.entry(&route.channel.id).or_default().extend(route.triggers.iter().map(|t| &t.group));
        }
        let mut gone = Vec::new();
        for (id, provisioned) in &mut self.provisioned {
            let kept = wanted.get(id);
            let leaving: Vec<GroupName> = provisioned
                .groups
                .keys()
                .filter(|g| kept.is_none_or(|kept| !kept.contains(g)))
                .cloned()
                .collect();
            // An object may lose one group and keep another.
            let staying: BTreeSet<String> = match leaving.is_empty() {
                true => BTreeSet::new(),
                false => kept.into_iter().flatten().map(|group| group.object()).collect(),
            };
            for group in leaving {
                provisioned.groups.remove(&group);
                let object = group.object();
                if !staying.contains(&object) {
                    self.readiness.remove(&object);
                }
                if let Some(channel) = self.channels.get(id)
                    && let Err(error) = channel.park_group(&group).await
                {
                    tracing::warn!(trigger = %group, %error, "the removed trigger could not be parked");
                }
            }
            if kept.is_none() {
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

    async fn close(&self) {
        let open = self.channels.all().into_iter().map(|(_, channel)| channel);
        let removed = self.removed.values().map(|(channel, _, _)| channel.clone());
        let all: Vec<_> = open.chain(removed).collect();
        futures::stream::iter(all)
            .for_each_concurrent(SIDE_BY_SIDE, |channel| async move { channel.close().await })
            .await;
        for backend in self.backends.values() {
            backend.close().await;
        }
    }
}

async fn open_route(
    backends: &BTreeMap<String, Arc<dyn Backend>>,
    route: Arc<Route>,
    limits: &Limits,
) -> (Arc<Route>, Result<Arc<dyn Channel>, String>) {
    let wanted = &route.channel;
    let opened = open(backends, &wanted.backend, &wanted.id, &wanted.options, limits).await;
    (route, opened)
}

async fn open(
    backends: &BTreeMap<String, Arc<dyn Backend>>,
    backend: &str,
    id: &ChannelId,
    options: &ChannelOptions,
    limits: &Limits,
) -> Result<Arc<dyn Channel>, String> {
    let known = backends.get(backend).ok_or_else(|| format!("there is no backend `{backend}` here"))?;
    let log = known.open(id, options).await.map_err(|e| e.to_string())?;
    Ok(Engine::open(log, options, limits))
}

fn not_ready(reason: &str, message: String) -> State {
    State::NotReady { reason: reason.to_owned(), message }
}
