//! The one place where the world changes.

use crate::{ObjectKey, Route, RoutingTable};
use arc_swap::ArcSwap;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;
use tokio::sync::watch;

/// A table in force: it, and a quick way to find what an event is sent to.
#[derive(Debug, Default)]
pub struct InForce {
    table: RoutingTable,
    /// With a thousand brokers a search in the sorted map costs an event several cold memory accesses.
    routes: HashMap<ObjectKey, Arc<Route>>,
}

impl InForce {
    fn new(table: RoutingTable) -> Self {
        let routes = table.routes.iter().map(|(key, route)| (key.clone(), route.clone())).collect();
        Self { table, routes }
    }

    /// The route of a target.
    #[must_use]
    pub fn route(&self, target: &ObjectKey) -> Option<&Arc<Route>> {
        self.routes.get(target)
    }
}

impl Deref for InForce {
    type Target = RoutingTable;

    fn deref(&self) -> &RoutingTable {
        &self.table
    }
}

/// The table that is in force. Readers take a snapshot, watchers are woken. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Routes {
    table: Arc<ArcSwap<InForce>>,
    changed: watch::Receiver<u64>,
}

/// The writing end of [`Routes`].
#[derive(Debug)]
pub struct RoutesPublisher {
    table: Arc<ArcSwap<InForce>>,
    changed: watch::Sender<u64>,
}

/// An empty table and both its ends.
#[must_use]
pub fn routes() -> (RoutesPublisher, Routes) {
    let table = Arc::new(ArcSwap::from_pointee(InForce::default()));
    let (sender, receiver) = watch::channel(0);
    (RoutesPublisher { table: table.clone(), changed: sender }, Routes { table, changed: receiver })
}

impl RoutesPublisher {
    /// The route of a target in the table in force.
    pub(crate) fn route(&self, target: &ObjectKey) -> Option<Arc<Route>> {
        self.table.load().route(target).cloned()
    }

    /// Puts a table in force, then wakes those who wait.
    pub fn publish(&self, table: RoutingTable) {
        let generation = table.generation;
        self.table.store(Arc::new(InForce::new(table)));
        self.changed.send_replace(generation);
    }
}

impl Routes {
    /// One consistent view; hold it for one event, not longer.
    #[must_use]
    pub fn snapshot(&self) -> Arc<InForce> {
        self.table.load_full()
    }

    /// As [`Routes::snapshot`], cheaper, for a look that ends before anything is awaited.
    pub(crate) fn load(&self) -> impl Deref<Target = Arc<InForce>> {
        self.table.load()
    }

    /// Waits for the next table; `None` when the publisher is gone. Cancel safe.
    pub async fn changed(&mut self) -> Option<Arc<InForce>> {
        self.changed.changed().await.ok()?;
        Some(self.snapshot())
    }
}
