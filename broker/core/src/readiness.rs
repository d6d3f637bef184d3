//! What is ready, and why the rest is not.

use std::collections::BTreeMap;
use std::sync::Mutex;

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

/// The live half of the objects' status: written by provisioning, read by the admin API.
/// Keys are `Kind/NS/NAME`.
#[derive(Debug, Default)]
pub struct Readiness {
    states: Mutex<BTreeMap<String, State>>,
}

impl Readiness {
    /// Sets one object's state.
    pub fn set(&self, object: &str, state: State) {
        self.lock().insert(object.to_owned(), state);
    }

    /// Forgets an object.
    pub fn remove(&self, object: &str) {
        self.lock().remove(object);
    }

    /// One object's state; `None` when provisioning never saw it.
    #[must_use]
    pub fn get(&self, object: &str) -> Option<State> {
        self.lock().get(object).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, State>> {
        self.states.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
