//! The engine as a channel: what is asked goes to the lanes, what they show is added up.

use super::keys::key_of;
use super::lane::Command;
use super::limits::Limits;
use super::shared::{Shared, lock};
use crate::dead_letter::DeadLetterStore;
use crate::{
    AppendError, Channel, ChannelError, ChannelOptions, Delivery, Done, Entry, GroupChange, GroupName,
    GroupSpec, Lag, Lane, Log, Position, StartAt, Subscription,
};
use async_trait::async_trait;
use event::{Audience, Record, Timestamp};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// How long closing waits for a lane's last state.
const CLOSE_WITHIN: Duration = Duration::from_secs(10);

/// A channel over a log.
pub struct Engine {
    shared: Arc<Shared>,
    dead_letters: Arc<DeadLetterStore>,
    /// For records without a key.
    next_lane: AtomicU32,
    ownership: JoinHandle<()>,
}

impl Engine {
    /// Serves a log from now on.
    #[must_use]
    pub fn open(log: Arc<dyn Log>, options: &ChannelOptions, limits: &Limits) -> Arc<Self> {
        let mut ownership = log.ownership();
        let shared = Arc::new(Shared::new(log.clone(), limits));
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
        self.shared.unwant(group);
        for lane in self.shared.owned() {
            let (done, heard) = oneshot::channel();
            if self.shared.ask(lane, how(group.clone(), done)) {
                // A lane that went away has no group of ours any more.
                let _ = heard.await;
            }
        }
    }

    /// To whom one of the records is addressed that the lane has not heard of: the head would pass over it for good.
    fn to_nobody<'r>(&self, lane: Lane, records: &'r [Record]) -> Option<&'r str> {
        let addressees = records.iter().flat_map(|record| match &record.envelope.audience {
            Audience::Groups(groups) => groups.as_slice(),
            Audience::All => &[],
        });
        addressees.map(|addressee| addressee.group.as_str()).find(|group| !self.shared.has_group(group, lane))
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
        self.shared.configure(options);
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
        if let Some(nobody) = self.to_nobody(delivery.lane, &records) {
            return Err(AppendError::Unavailable(format!("there is no `{nobody}` yet")));
        }
        let done = Done {
            group: group.clone(),
            incarnation: delivery.loan.incarnation.clone(),
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
        self.shared.told(group, spec);
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
        self.shared.lag(group)
    }

    fn parked_groups(&self) -> Vec<(GroupName, Timestamp)> {
        self.shared.parked_groups()
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
