//! What is ready, and why the rest is not.

use crate::GroupName;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether one object works.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub enum State {
    /// Every later matching event will be taken or delivered.
    Ready,
    /// Not yet, or not any more.
    NotReady {
        /// One CamelCase word, as in Kubernetes conditions.
        reason: String,
        /// What happened and what to do.
        message: String,
    },
}

/// The live half of the objects' status: written by provisioning and the dispatcher, read by the admin API.
/// Keys are `Kind/NS/NAME`.
#[derive(Debug, Default)]
pub struct Readiness {
    states: Mutex<BTreeMap<String, State>>,
    /// No larger than the table: a group that goes is forgotten.
    failing: Mutex<BTreeMap<GroupName, String>>,
}

impl Readiness {
    /// Sets one object's state.
    pub fn set(&self, object: &str, state: State) {
        lock(&self.states).insert(object.to_owned(), state);
    }

    /// Forgets an object.
    pub fn remove(&self, object: &str) {
        lock(&self.states).remove(object);
    }

    /// One object's state; `None` when provisioning never saw it.
    #[must_use]
    pub fn get(&self, object: &str) -> Option<State> {
        lock(&self.states).get(object).cloned()
    }

    /// A group's last attempt failed, and why.
    pub fn set_failing(&self, group: &GroupName, reason: &str) {
        let mut failing = lock(&self.failing);
        if failing.get(group).is_none_or(|known| known != reason) {
            failing.insert(group.clone(), reason.to_owned());
        }
    }

    /// A group's deliveries succeed again, or it is gone.
    pub fn clear_failing(&self, group: &GroupName) {
        lock(&self.failing).remove(group);
    }

    /// Why a group's last attempt failed; `None` when it did not.
    #[must_use]
    pub fn failing(&self, group: &GroupName) -> Option<String> {
        lock(&self.failing).get(group).cloned()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
