//! The engine as a channel: what is asked goes to the lanes, what they show is added up.

use super::budget::Budget;
use super::gauges::GroupGauges;
use super::keys::key_of;
use super::lane::{Command, LaneTask, Wanted};
use crate::dead_letter::DeadLetterStore;
use crate::{
    AppendError, Channel, ChannelError, ChannelOptions, Delivery, Done, Entry, GroupChange, GroupName,
    GroupSpec, Lag, Lane, LaneChange, Log, Position, StartAt, Subscription,
};
use async_trait::async_trait;
use event::{Record, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

/// Catch-up heads of a process: a thousand groups that are behind never mean a thousand readers.
const CATCH_UP_HEADS: usize = 4;
/// Bytes of matched events kept ahead of all windows of a process.
const LOOK_AHEAD_BYTES: usize = 64 * 1024 * 1024;
/// Events that are open in all groups of a process. Beyond it a group may have but a few that wait.
const MOST_OPEN: usize = 2_000_000;
/// How long closing waits for a lane's last state.
const CLOSE_WITHIN: Duration = Duration::from_secs(10);

/// Bounds that all channels of a process share.
#[derive(Clone, Debug)]
pub struct Limits {
    queued: Arc<Budget>,
    open: Arc<Budget>,
    catch_up: Arc<Semaphore>,
}

impl Limits {
    /// With another bound of the events that are open in all groups together.
    #[must_use]
    pub fn most_open(self, events: usize) -> Self {
        Self { open: Arc::new(Budget::new(events)), ..self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queued: Arc::new(Budget::new(LOOK_AHEAD_BYTES)),
            open: Arc::new(Budget::new(MOST_OPEN)),
            catch_up: Arc::new(Semaphore::new(CATCH_UP_HEADS)),
        }
    }
}

/// A channel over a log.
pub struct Engine {
    shared: Arc<Shared>,
    dead_letters: Arc<DeadLetterStore>,
    /// For records without a key.
    next_lane: AtomicU32,
    ownership: JoinHandle<()>,
}

/// What the lanes of a channel have in common.
pub(crate) struct Shared {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) queued: Arc<Budget>,
    pub(crate) open: Arc<Budget>,
    pub(crate) catch_up: Arc<Semaphore>,
    retention_millis: AtomicU64,
    wanted: Mutex<HashMap<GroupName, Wanted>>,
    gauges: Mutex<HashMap<GroupName, BTreeMap<Lane, Arc<GroupGauges>>>>,
    lanes: Mutex<BTreeMap<Lane, Owned>>,
}

/// A lane that is ours.
struct Owned {
    commands: mpsc::UnboundedSender<Command>,
    head: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Engine {
    /// Serves a log from now on.
    #[must_use]
    pub fn open(log: Arc<dyn Log>, options: &ChannelOptions, limits: &Limits) -> Arc<Self> {
        let mut ownership = log.ownership();
        let shared = Arc::new(Shared {
            log: log.clone(),
            queued: limits.queued.clone(),
            open: limits.open.clone(),
            catch_up: limits.catch_up.clone(),
            retention_millis: AtomicU64::new(0),
            wanted: Mutex::default(),
            gauges: Mutex::default(),
            lanes: Mutex::default(),
        });
        // What is ours already is served before anybody asks.
        while let Ok(change) = ownership.try_recv() {
            shared.own(change);
        }
        let following = shared.clone();
        let ownership = tokio::spawn(async move {
            while let Some(change) = ownership.recv().await {
                following.own(change);
            }
        });
        let wanting = shared.clone();
        let dead_letters = Arc::new(DeadLetterStore::open(log, move |group| wanting.wants(group)));
        let engine = Self { shared, dead_letters, next_lane: AtomicU32::new(0), ownership };
        engine.configure(options);
        Arc::new(engine)
    }

    fn lane_of(&self, record: &Record) -> Lane {
        let lanes = self.shared.log.lanes().max(1);
        let n = match key_of(&record.event) {
            _ if lanes == 1 => 0,
            Some(key) => (key % u64::from(lanes)) as u32,
            None => self.next_lane.fetch_add(1, Ordering::Relaxed) % lanes,
        };
        Lane(n)
    }

    async fn begin(&self, lane: Lane, start: StartAt) -> Result<Option<Position>, ChannelError> {
        Ok(match start {
            StartAt::Now => None,
            StartAt::Earliest => Some(self.shared.log.first(lane).await?),
            StartAt::Time(time) => Some(self.shared.log.position_at(lane, time).await?),
        })
    }

    /// True when the lane must be told of the group by a record.
    async fn define(&self, lane: Lane, group: &GroupName, spec: &Arc<GroupSpec>, known: bool) -> bool {
        let (needs_record, answer) = oneshot::channel();
        let command = Command::Define { group: group.clone(), spec: spec.clone(), needs_record };
        if !self.shared.ask(lane, command) {
            return !known;
        }
        // A lane that went away meanwhile is another process's: it hears of the group by the record.
        answer.await.unwrap_or(true)
    }

    /// Tells every lane that the group is not wanted any more.
    async fn unwant(
        &self,
        group: &GroupName,
        how: impl Fn(GroupName, oneshot::Sender<()>) -> Command + Sync,
    ) {
        lock(&self.shared.wanted).remove(group);
        for lane in self.shared.owned() {
            let (done, heard) = oneshot::channel();
            if self.shared.ask(lane, how(group.clone(), done)) {
                // A lane that went away has no group of ours any more.
                let _ = heard.await;
            }
        }
    }

    fn name_who_pins(&self, error: AppendError) -> AppendError {
        let AppendError::Full { used, budget, .. } = error else { return error };
        let names: Vec<GroupName> = lock(&self.shared.gauges).keys().cloned().collect();
        let backlog = |name: &GroupName| self.lag(name).map_or(0, |lag| lag.backlog);
        let pinned = names.iter().max_by_key(|name| backlog(name)).map(ToString::to_string);
        AppendError::Full { used, budget, pinned }
    }
}

#[async_trait]
impl Channel for Engine {
    fn configure(&self, options: &ChannelOptions) {
        let millis = u64::try_from(options.retention.as_millis()).unwrap_or(u64::MAX);
        self.shared.retention_millis.store(millis, Ordering::Relaxed);
        self.shared.log.configure(options);
    }

    async fn append(&self, records: Vec<Record>) -> Result<(), AppendError> {
        let mut lanes: BTreeMap<Lane, Vec<Entry>> = BTreeMap::new();
        for record in records {
            lanes.entry(self.lane_of(&record)).or_default().push(Entry::Event(Arc::new(record)));
        }
        for (lane, entries) in lanes {
            self.shared.log.append(lane, entries).await.map_err(|e| self.name_who_pins(e))?;
        }
        Ok(())
    }

    async fn conclude(
        &self,
        group: &GroupName,
        delivery: &Delivery,
        records: Vec<Record>,
    ) -> Result<(), AppendError> {
        let done = Done {
            group: group.clone(),
            incarnation: self.shared.incarnation(group).unwrap_or_default(),
            at: delivery.position,
        };
        let mut entries: Vec<Entry> = records.into_iter().map(|r| Entry::Event(Arc::new(r))).collect();
        // Behind what it led to: a prefix repeats the delivery, it never loses an answer.
        entries.push(Entry::Done(Arc::new(done)));
        self.shared.log.append(delivery.lane, entries).await.map_err(|e| self.name_who_pins(e))
    }

    async fn ensure_group(&self, group: &GroupName, mut spec: GroupSpec) -> Result<(), ChannelError> {
        // The window is the group's: the lanes share it, with one delivery each at least.
        let share = spec.window.get() / self.shared.log.lanes().max(1) as usize;
        spec.window = NonZeroUsize::new(share).unwrap_or(NonZeroUsize::MIN);
        let spec = Arc::new(spec);
        let known = self.shared.want(group, &spec);
        for lane in (0..self.shared.log.lanes()).map(Lane) {
            if self.define(lane, group, &spec, known).await {
                let change = GroupChange::Ensure {
                    group: group.clone(),
                    incarnation: spec.incarnation.clone(),
                    filter: spec.filter.clone(),
                    from: self.begin(lane, spec.start).await?,
                };
                self.shared.log.append(lane, vec![Entry::Group(Arc::new(change))]).await?;
            }
        }
        Ok(())
    }

    async fn park_group(&self, group: &GroupName) -> Result<(), ChannelError> {
        self.unwant(group, |group, done| Command::Park { group, done }).await;
        Ok(())
    }

    async fn remove_group(&self, group: &GroupName) -> Result<(), ChannelError> {
        self.unwant(group, |group, done| Command::End { group, done }).await;
        let Some(incarnation) = self.shared.incarnation(group) else { return Ok(()) };
        for lane in (0..self.shared.log.lanes()).map(Lane) {
            let change = GroupChange::Remove { group: group.clone(), incarnation: incarnation.clone() };
            self.shared.log.append(lane, vec![Entry::Group(Arc::new(change))]).await?;
        }
        Ok(())
    }

    async fn subscribe(&self, group: &GroupName) -> Result<Subscription, ChannelError> {
        let (sender, deliveries) = mpsc::unbounded_channel();
        match lock(&self.shared.wanted).get_mut(group) {
            Some(wanted) => wanted.subscriber = Some(sender.clone()),
            None => return Err(ChannelError::NoSuchGroup(group.clone())),
        }
        for lane in self.shared.owned() {
            self.shared.ask(lane, Command::Subscribe { group: group.clone(), deliveries: sender.clone() });
        }
        Ok(Subscription { deliveries })
    }

    fn lag(&self, group: &GroupName) -> Option<Lag> {
        let gauges = lock(&self.shared.gauges).get(group)?.clone();
        let mut lag = Lag::default();
        for (lane, gauge) in gauges {
            gauge.add_to(&mut lag, self.shared.head(lane));
        }
        Some(lag)
    }

    fn parked_groups(&self) -> Vec<(GroupName, Timestamp)> {
        let gauges = lock(&self.shared.gauges);
        let since = |lanes: &BTreeMap<Lane, Arc<GroupGauges>>| lanes.values().map(|g| g.parked()).max();
        let wanted = lock(&self.shared.wanted);
        gauges
            .iter()
            .filter(|(name, _)| !wanted.contains_key(*name))
            .filter_map(|(name, lanes)| Some((name.clone(), since(lanes)?)))
            .collect()
    }

    fn dead_letters(&self) -> Arc<DeadLetterStore> {
        self.dead_letters.clone()
    }

    fn bytes(&self) -> u64 {
        self.shared.log.bytes()
    }

    async fn close(&self) {
        self.ownership.abort();
        let lanes = std::mem::take(&mut *lock(&self.shared.lanes));
        for (lane, owned) in lanes {
            let (done, closed) = oneshot::channel();
            let asked = owned.commands.send(Command::Close { done }).is_ok();
            if asked && tokio::time::timeout(CLOSE_WITHIN, closed).await.is_err() {
                tracing::warn!(
                    lane = lane.0,
                    "the lane's last state could not be written in time; some events are repeated"
                );
            }
            owned.task.abort();
        }
        self.dead_letters.close();
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.ownership.abort();
        for owned in lock(&self.shared.lanes).values() {
            owned.task.abort();
        }
    }
}

impl Shared {
    fn own(self: &Arc<Self>, change: LaneChange) {
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

    fn ask(&self, lane: Lane, command: Command) -> bool {
        lock(&self.lanes).get(&lane).is_some_and(|owned| owned.commands.send(command).is_ok())
    }

    fn owned(&self) -> Vec<Lane> {
        lock(&self.lanes).keys().copied().collect()
    }

    /// Notes what is wanted, for lanes that come later. True when the same was wanted before.
    fn want(&self, group: &GroupName, spec: &Arc<GroupSpec>) -> bool {
        let mut wanted = lock(&self.wanted);
        let before = wanted.get(group);
        let known =
            before.is_some_and(|w| w.spec.incarnation == spec.incarnation && w.spec.filter == spec.filter);
        let subscriber = before.and_then(|w| w.subscriber.clone());
        wanted.insert(group.clone(), Wanted { spec: spec.clone(), subscriber });
        known
    }

    fn wants(&self, group: &GroupName) -> bool {
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

    fn incarnation(&self, group: &GroupName) -> Option<String> {
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
