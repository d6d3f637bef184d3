//! The process that a backend plays: it can end while what it kept stays.

use crate::channel::Channel;
use broker_core::{ChannelId, Health};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// All channels, by name; shared by the processes that come one after the other.
#[derive(Debug, Default)]
pub(crate) struct Store {
    channels: Mutex<BTreeMap<ChannelId, Arc<Channel>>>,
    processes: AtomicU64,
}

/// One life of a backend.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) id: u64,
    pub(crate) health: watch::Sender<Health>,
    pub(crate) switches: Switches,
    ended: AtomicBool,
}

/// How many of the next calls fail.
#[derive(Debug, Default)]
pub(crate) struct Switches {
    pub(crate) refused_appends: AtomicU32,
    pub(crate) unanswered_appends: AtomicU32,
    pub(crate) failed_reads: AtomicU32,
    pub(crate) failed_state: AtomicU32,
}

impl Store {
    pub(crate) fn channels(&self) -> MutexGuard<'_, BTreeMap<ChannelId, Arc<Channel>>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn process(&self) -> Process {
        Process {
            id: 1 + self.processes.fetch_add(1, Ordering::Relaxed),
            health: watch::Sender::new(Health::Up),
            switches: Switches::default(),
            ended: AtomicBool::new(false),
        }
    }
}

impl Process {
    pub(crate) fn ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Ends it: its logs refuse everything, its readers and listeners are woken.
    pub(crate) fn end(&self, store: &Store) {
        if self.ended.swap(true, Ordering::AcqRel) {
            return;
        }
        self.health.send_replace(Health::Down("the backend is closed".to_owned()));
        for channel in store.channels().values() {
            channel.hang_up();
            channel.wake_all();
        }
    }
}

/// True while the switch is on; counts it down.
pub(crate) fn strikes(switch: &AtomicU32) -> bool {
    switch.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1)).is_ok()
}
