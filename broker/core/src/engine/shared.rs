//! What the lanes of a channel have in common, and which of them are ours.

use super::budget::Budget;
use super::gauges::GroupGauges;
use super::lane::{Command, LaneTask, Wanted};
use super::limits::Limits;
use crate::{ChannelOptions, GroupName, GroupSpec, Lag, Lane, LaneChange, Log, Position};
use event::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

/// What the lanes of a channel have in common.
pub(crate) struct Shared {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) queued: Arc<Budget>,
    pub(crate) open: Arc<Budget>,
    pub(crate) catch_up: Arc<Semaphore>,
    retention_millis: AtomicU64,
    pub(super) wanted: Mutex<HashMap<GroupName, Wanted>>,
    /// Groups of which every lane has a record, as this process wanted them then.
    told: Mutex<HashMap<GroupName, Arc<GroupSpec>>>,
    pub(super) gauges: Mutex<HashMap<GroupName, BTreeMap<Lane, Arc<GroupGauges>>>>,
    pub(super) lanes: Mutex<BTreeMap<Lane, Owned>>,
}

/// A lane that is ours.
pub(super) struct Owned {
    pub(super) commands: mpsc::UnboundedSender<Command>,
    head: Arc<AtomicU64>,
    pub(super) task: JoinHandle<()>,
}

impl Shared {
    pub(super) fn new(log: Arc<dyn Log>, limits: &Limits) -> Self {
        Self {
            log,
            queued: limits.queued.clone(),
            open: limits.open.clone(),
            catch_up: limits.catch_up.clone(),
            retention_millis: AtomicU64::new(0),
            wanted: Mutex::default(),
            told: Mutex::default(),
            gauges: Mutex::default(),
            lanes: Mutex::default(),
        }
    }

    pub(super) fn configure(&self, options: &ChannelOptions) {
        let millis = u64::try_from(options.retention.as_millis()).unwrap_or(u64::MAX);
        self.retention_millis.store(millis, Ordering::Relaxed);
        self.log.configure(options);
    }

    pub(super) fn lag(&self, group: &GroupName) -> Option<Lag> {
        let gauges = lock(&self.gauges).get(group)?.clone();
        let mut lag = Lag::default();
        for (lane, gauge) in gauges {
            gauge.add_to(&mut lag, self.head(lane));
        }
        Some(lag)
    }

    pub(super) fn parked_groups(&self) -> Vec<(GroupName, Timestamp)> {
        let gauges = lock(&self.gauges);
        let since = |lanes: &BTreeMap<Lane, Arc<GroupGauges>>| lanes.values().map(|g| g.parked()).max();
        let wanted = lock(&self.wanted);
        gauges
            .iter()
            .filter(|(name, _)| !wanted.contains_key(*name))
            .filter_map(|(name, lanes)| Some((name.clone(), since(lanes)?)))
            .collect()
    }

    pub(super) fn own(self: &Arc<Self>, change: LaneChange) {
        match change {
            LaneChange::Gained(lane) if lane != Lane::DEAD_LETTERS => {
                let (commands, asked) = mpsc::unbounded_channel();
                let head = Arc::new(AtomicU64::new(0));
                let task = tokio::spawn(LaneTask::run(lane, self.clone(), asked, head.clone()));
                lock(&self.lanes).insert(lane, Owned { commands, head, task });
            }
            LaneChange::Leaving(lane) => {
                if let Some(owned) = lock(&self.lanes).remove(&lane) {
                    let (done, _) = oneshot::channel();
                    // Its last write ends the task; one that is gone already needs nothing.
                    let _ = owned.commands.send(Command::Close { done });
                }
            }
            LaneChange::Lost(lane) => {
                if let Some(owned) = lock(&self.lanes).remove(&lane) {
                    owned.task.abort();
                }
            }
            LaneChange::Gained(_) => {}
        }
    }

    pub(super) fn ask(&self, lane: Lane, command: Command) -> bool {
        lock(&self.lanes).get(&lane).is_some_and(|owned| owned.commands.send(command).is_ok())
    }

    pub(super) fn owned(&self) -> Vec<Lane> {
        lock(&self.lanes).keys().copied().collect()
    }

    /// Notes what is wanted, for lanes that come later. True when every lane was told the same before.
    pub(super) fn want(&self, group: &GroupName, spec: &Arc<GroupSpec>) -> bool {
        let mut wanted = lock(&self.wanted);
        let subscriber = wanted.get(group).and_then(|before| before.subscriber.clone());
        wanted.insert(group.clone(), Wanted { spec: spec.clone(), subscriber });
        let told = lock(&self.told);
        told.get(group).is_some_and(|t| t.incarnation == spec.incarnation && t.filter == spec.filter)
    }

    /// Every lane has a record of the group now.
    pub(super) fn told(&self, group: &GroupName, spec: Arc<GroupSpec>) {
        lock(&self.told).insert(group.clone(), spec);
    }

    pub(super) fn unwant(&self, group: &GroupName) {
        lock(&self.wanted).remove(group);
        lock(&self.told).remove(group);
    }

    /// True when a record that is appended to the lane now, addressed to the group, lies behind the one that makes it.
    pub(super) fn has_group(&self, group: &str, lane: Lane) -> bool {
        lock(&self.told).contains_key(group)
            || lock(&self.gauges).get(group).is_some_and(|lanes| lanes.contains_key(&lane))
    }

    pub(super) fn wants(&self, group: &GroupName) -> bool {
        lock(&self.wanted).contains_key(group)
    }

    pub(crate) fn wanted(&self) -> HashMap<GroupName, Wanted> {
        lock(&self.wanted).clone()
    }

    pub(crate) fn gauges_of(&self, group: &GroupName, lane: Lane, incarnation: &str) -> Arc<GroupGauges> {
        let gauges = Arc::new(GroupGauges::new(incarnation));
        lock(&self.gauges).entry(group.clone()).or_default().insert(lane, gauges.clone());
        gauges
    }

    pub(crate) fn forget_gauges(&self, group: &GroupName, lane: Lane) {
        let mut gauges = lock(&self.gauges);
        if let Some(lanes) = gauges.get_mut(group) {
            lanes.remove(&lane);
            if lanes.is_empty() {
                gauges.remove(group);
            }
        }
    }

    pub(super) fn incarnation(&self, group: &GroupName) -> Option<String> {
        lock(&self.gauges).get(group)?.values().next().map(|g| g.incarnation.clone())
    }

    /// How far the shared head of a lane is.
    fn head(&self, lane: Lane) -> Position {
        lock(&self.lanes).get(&lane).map_or(0, |owned| owned.head.load(Ordering::Relaxed))
    }

    /// Finished events accepted at or after this time are kept; `None`: none are.
    pub(crate) fn retention_start(&self, now: Timestamp) -> Option<Timestamp> {
        let millis = self.retention_millis.load(Ordering::Relaxed);
        (millis > 0).then(|| Timestamp(now.0.saturating_sub(millis)))
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
