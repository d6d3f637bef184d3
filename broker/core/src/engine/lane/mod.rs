//! The task of one owned lane: it alone touches the lane's groups.

mod asking;
mod catching_up;
mod fetching;
mod loading;
mod reading;
mod saving;
mod tidying;

use super::clock::Clock;
use super::gauges::GroupGauges;
use super::group::{Group, Surroundings};
use super::shared::Shared;
use super::state::{Change, Stored};
use crate::returns::{Returns, Settled};
use crate::{Batch, Entry, GroupName, Lane, Log, LogError, Position, Reader, StateError};
pub(crate) use asking::{Command, Wanted};
use catching_up::Sweep;
use event::Timestamp;
use filter::{Index, Matches};
use futures::future::BoxFuture;
use loading::{Loaded, load};
use std::collections::{BTreeSet, HashMap};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::{Instant, Sleep};

/// Wait before a log that could not be read or written is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// Everything of one lane.
pub(crate) struct LaneTask {
    lane: Lane,
    log: Arc<dyn Log>,
    shared: Arc<Shared>,
    clock: Clock,
    /// By number; a number is never used again.
    groups: Vec<Option<Box<Group>>>,
    names: HashMap<GroupName, u32>,
    /// What this process wants, also of groups whose record was not read yet.
    wanted: HashMap<GroupName, Wanted>,
    gauges: HashMap<u32, Arc<GroupGauges>>,
    on_head: Index,
    behind: Index,
    /// The shared head has read everything below.
    head: Position,
    shown_head: Arc<AtomicU64>,
    /// Groups that are behind and would take more.
    hungry: BTreeSet<u32>,
    /// Groups with due events and room for them.
    fetchable: BTreeSet<u32>,
    /// Groups that need something below the head.
    busy: BTreeSet<u32>,
    timers: BTreeSet<(Timestamp, u32, Position)>,
    /// Groups for which an ack is to be looked at soon.
    impatient: BTreeSet<u32>,
    back: Arc<Returns>,
    // what goes on at the moment
    sweep: Option<Sweep>,
    /// The group that the last sweep started for; the next one starts behind it.
    turn: u32,
    permit: Option<BoxFuture<'static, OwnedSemaphorePermit>>,
    fetch: Option<Fetch>,
    save: Option<BoxFuture<'static, Result<(), StateError>>>,
    tidy: Option<BoxFuture<'static, tidying::Tidied>>,
    // what is to be written
    changes: Vec<Change>,
    dirty: BTreeSet<u32>,
    saving: saving::Saving,
    truncated: Position,
    /// The state is older than the log: groups it does not know begin here, so that nothing of theirs is lost.
    rescue: Option<Position>,
    next_tidy: Instant,
    /// Scratch space of matching.
    matched: Matches,
    /// Groups that are to be touched.
    noted: Vec<u32>,
}

/// A read of due events under way.
struct Fetch {
    asked: Vec<(Position, u32)>,
    read: BoxFuture<'static, Result<Vec<(Position, Entry)>, LogError>>,
}

/// What the task waits for.
enum Woken {
    Settled,
    Asked(Option<Command>),
    Head(Box<dyn Reader>, Result<Batch, LogError>),
    Swept(Result<Batch, LogError>),
    Permit(OwnedSemaphorePermit),
    Fetched(Result<Vec<(Position, Entry)>, LogError>),
    Saved(Result<(), StateError>),
    Tidied(tidying::Tidied),
    Timer,
}

impl LaneTask {
    /// Loads the lane's state and serves it until it is closed, lost or fenced.
    pub(crate) async fn run(
        lane: Lane,
        shared: Arc<Shared>,
        mut commands: mpsc::UnboundedReceiver<Command>,
        shown_head: Arc<AtomicU64>,
    ) {
        let log = shared.log.clone();
        let Some(loaded) = load(&*log, lane).await else { return };
        let mut task = Self::new(lane, shared, &loaded, shown_head);
        let back = task.back.clone();
        let mut read = read_on(log.read(lane, task.head));
        let mut came = pin!(back.came());
        let mut alarm = pin!(tokio::time::sleep_until(far()));
        loop {
            bring_forward(alarm.as_mut(), task.next_timer());
            let woken = tokio::select! {
                () = &mut came => Woken::Settled,
                command = commands.recv() => Woken::Asked(command),
                (reader, batch) = &mut read => Woken::Head(reader, batch),
                batch = next_of(&mut task.sweep) => Woken::Swept(batch),
                permit = ready(&mut task.permit) => Woken::Permit(permit),
                read = read_of(&mut task.fetch) => Woken::Fetched(read),
                saved = ready(&mut task.save) => Woken::Saved(saved),
                tidied = ready(&mut task.tidy) => Woken::Tidied(tidied),
                () = &mut alarm => Woken::Timer,
            };
            task.settle(back.take());
            match woken {
                Woken::Settled => came.set(back.came()),
                Woken::Asked(Some(Command::Close { done })) => return task.close(done).await,
                Woken::Asked(Some(command)) => task.obey(command),
                Woken::Asked(None) => return,
                Woken::Head(reader, Ok(batch)) => {
                    task.read_on(batch);
                    read = read_on(reader);
                }
                Woken::Head(_, Err(LogError::Closed)) => return,
                Woken::Head(_, Err(error)) => {
                    tracing::warn!(lane = lane.0, %error, "the lane cannot be read, trying again");
                    tokio::time::sleep(RETRY).await;
                    read = read_on(task.log.read(lane, task.head));
                }
                Woken::Swept(batch) => task.swept(batch),
                Woken::Permit(permit) => task.start_sweep(permit),
                Woken::Fetched(read) => task.fetched(read),
                Woken::Saved(Ok(())) => task.saved(),
                Woken::Saved(Err(error)) => {
                    tracing::info!(lane = lane.0, %error, "the lane is left");
                    return;
                }
                Woken::Tidied(tidied) => task.tidied(tidied),
                Woken::Timer => {
                    alarm.as_mut().reset(far());
                    task.ring();
                }
            }
            task.go_on();
        }
    }

    fn new(lane: Lane, shared: Arc<Shared>, loaded: &Loaded, shown_head: Arc<AtomicU64>) -> Self {
        let head = loaded.head();
        let mut task = Self {
            lane,
            log: shared.log.clone(),
            clock: Clock::start(),
            groups: Vec::new(),
            names: HashMap::new(),
            wanted: shared.wanted(),
            gauges: HashMap::new(),
            on_head: Index::default(),
            behind: Index::default(),
            head,
            shown_head,
            hungry: BTreeSet::new(),
            fetchable: BTreeSet::new(),
            busy: BTreeSet::new(),
            turn: 0,
            timers: BTreeSet::new(),
            impatient: BTreeSet::new(),
            back: Arc::default(),
            sweep: None,
            permit: None,
            fetch: None,
            save: None,
            tidy: None,
            changes: Vec::new(),
            dirty: BTreeSet::new(),
            saving: saving::Saving::new(head),
            truncated: loaded.first,
            rescue: loaded.rescue,
            next_tidy: Instant::now(),
            matched: Matches::default(),
            noted: Vec::new(),
            shared,
        };
        task.adopt(&loaded.stored);
        task
    }

    /// Takes over the groups that the state knows.
    fn adopt(&mut self, stored: &Stored) {
        for (id, group) in &stored.groups {
            let head = self.head;
            let group = self.near(|near| Group::load(*id, group, head, near));
            self.settle_in(group);
        }
        let names: Vec<GroupName> = self.wanted.keys().cloned().collect();
        for name in names {
            self.furnish(&name);
        }
    }

    /// Gives a group its place in the tables.
    fn settle_in(&mut self, group: Group) {
        let id = group.id;
        self.names.insert(group.name.clone(), id);
        let gauges = self.shared.gauges_of(&group.name, self.lane, &group.incarnation);
        // At once: since when it is parked must never read as not known.
        gauges.show(&group);
        self.gauges.insert(id, gauges);
        if self.groups.len() <= id as usize {
            self.groups.resize_with(id as usize + 1, || None);
        }
        self.groups[id as usize] = Some(Box::new(group));
        self.touch(id);
    }

    /// Lends the group's surroundings to `f`.
    fn near<T>(&mut self, f: impl FnOnce(&mut Surroundings<'_>) -> T) -> T {
        f(&mut Surroundings {
            lane: self.lane,
            now: self.clock.now(),
            timers: &mut self.timers,
            back: &self.back,
            queued: &self.shared.queued,
        })
    }

    /// Changes a group with its surroundings at hand; nothing happens when it is gone.
    fn with<T>(&mut self, id: u32, f: impl FnOnce(&mut Group, &mut Surroundings<'_>) -> T) -> Option<T> {
        let now = self.clock.now();
        let group = self.groups.get_mut(id as usize)?.as_mut()?;
        let mut near = Surroundings {
            lane: self.lane,
            now,
            timers: &mut self.timers,
            back: &self.back,
            queued: &self.shared.queued,
        };
        Some(f(group, &mut near))
    }

    fn group(&self, id: u32) -> Option<&Group> {
        self.groups.get(id as usize)?.as_deref()
    }

    /// Something of the group changed: it may lend, must be saved, may want to read.
    fn touch(&mut self, id: u32) {
        if let Some(group) = self.groups.get_mut(id as usize).and_then(Option::as_deref_mut) {
            group.noted = false;
            group.count_open(&self.shared.open);
        }
        self.with(id, Group::lend_ready);
        let Some(group) = self.groups.get(id as usize).and_then(Option::as_deref) else { return };
        let (hungry, fetch, busy) = (group.is_hungry(), group.wants_fetch(), group.oldest().is_some());
        let impatient = !group.is_patient();
        set(&mut self.hungry, id, hungry);
        set(&mut self.fetchable, id, fetch);
        set(&mut self.busy, id, busy);
        set(&mut self.impatient, id, impatient);
        self.saving.note_change(group.is_urgent());
        self.dirty.insert(id);
    }

    fn settle(&mut self, came: Vec<Settled>) {
        for Settled { group, token, outcome } in came {
            let leaves = self.with(group, |g, near| g.settle(token, outcome, near)).unwrap_or(false);
            if leaves {
                self.leave_head(group);
            }
            self.note(group);
        }
        self.touch_noted();
    }

    /// Timers that are due ring; a state that waits long enough is written.
    fn ring(&mut self) {
        let now = self.clock.now();
        while let Some(first) = self.timers.first().copied().filter(|(at, _, _)| *at <= now) {
            self.timers.remove(&first);
            let (_, id, at) = first;
            self.with(id, |g, near| g.ring(at, near));
            self.note(id);
        }
        self.touch_noted();
    }

    /// The group is to be touched once, when all is done that is done at the moment.
    pub(super) fn note(&mut self, id: u32) {
        if let Some(group) = self.groups.get_mut(id as usize).and_then(Option::as_deref_mut)
            && !std::mem::replace(&mut group.noted, true)
        {
            self.noted.push(id);
        }
    }

    pub(super) fn touch_noted(&mut self) {
        let mut noted = std::mem::take(&mut self.noted);
        for id in noted.drain(..) {
            self.touch(id);
        }
        self.noted = noted;
    }

    /// Starts whatever can go on: a catch-up, a read of due events, a state write.
    fn go_on(&mut self) {
        self.shown_head.store(self.head, Ordering::Relaxed);
        self.fetch_due();
        self.want_sweep();
        self.save_if_time();
        self.tidy_if_time();
        self.back.be_patient(self.impatient.is_empty() && self.next_save().is_some());
    }

    fn next_timer(&self) -> Instant {
        let ring = self.timers.first().map(|(at, _, _)| self.clock.instant(*at));
        let save = self.next_save();
        let tidy = (self.tidy.is_none() && self.saving.low > self.truncated).then_some(self.next_tidy);
        [ring, save, tidy].into_iter().flatten().min().unwrap_or_else(far)
    }

    async fn finish_save(&mut self) {
        if let Some(save) = self.save.take()
            && let Err(error) = save.await
        {
            tracing::warn!(lane = self.lane.0, %error, "the last state was not written; some events are repeated");
        }
    }

    /// Writes what is known and stops. Loans that are still out come back to the next owner.
    async fn close(mut self, done: oneshot::Sender<()>) {
        self.finish_save().await;
        self.save_now();
        self.finish_save().await;
        // Nobody waiting any more is fine.
        let _ = done.send(());
    }
}

/// The next batch of the shared head. Kept while others wake the lane: to listen anew each time costs more.
fn read_on(mut reader: Box<dyn Reader>) -> BoxFuture<'static, (Box<dyn Reader>, Result<Batch, LogError>)> {
    Box::pin(async move {
        let batch = reader.next().await;
        (reader, batch)
    })
}

/// Later than anything that a lane waits for.
fn far() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}

/// An alarm that rings too early costs one look; putting it off with every event costs more.
fn bring_forward(alarm: Pin<&mut Sleep>, at: Instant) {
    if at < alarm.deadline() {
        alarm.reset(at);
    }
}

fn set(ids: &mut BTreeSet<u32>, id: u32, member: bool) {
    if member {
        ids.insert(id);
    } else {
        ids.remove(&id);
    }
}

/// Waits for a future that may not be there; one that is not there never ends. Cancel safe.
async fn ready<T>(slot: &mut Option<BoxFuture<'static, T>>) -> T {
    match slot {
        Some(future) => {
            let value = future.await;
            *slot = None;
            value
        }
        None => std::future::pending().await,
    }
}

async fn next_of(sweep: &mut Option<Sweep>) -> Result<Batch, LogError> {
    match sweep {
        Some(sweep) => sweep.next().await,
        None => std::future::pending().await,
    }
}

async fn read_of(fetch: &mut Option<Fetch>) -> Result<Vec<(Position, Entry)>, LogError> {
    match fetch {
        Some(fetch) => (&mut fetch.read).await,
        None => std::future::pending().await,
    }
}

impl Drop for LaneTask {
    fn drop(&mut self) {
        let open = self.shared.open.clone();
        for id in 0..self.groups.len() {
            self.with(id as u32, |group, near| group.uncount(&open, near));
        }
    }
}
