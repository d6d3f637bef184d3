//! The one place where the world changes.

use crate::RoutingTable;
use arc_swap::ArcSwap;
use std::sync::Arc;
use tokio::sync::watch;

/// The table that is in force. Readers take a snapshot, watchers are woken. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Routes {
    table: Arc<ArcSwap<RoutingTable>>,
    changed: watch::Receiver<u64>,
}

/// The writing end of [`Routes`].
#[derive(Debug)]
pub struct RoutesPublisher {
    table: Arc<ArcSwap<RoutingTable>>,
    changed: watch::Sender<u64>,
}

/// An empty table and both its ends.
#[must_use]
pub fn routes() -> (RoutesPublisher, Routes) {
    let table = Arc::new(ArcSwap::from_pointee(RoutingTable::default()));
    let (sender, receiver) = watch::channel(0);
    (RoutesPublisher { table: table.clone(), changed: sender }, Routes { table, changed: receiver })
}

impl RoutesPublisher {
    /// Puts a table in force, then wakes those who wait.
    pub fn publish(&self, table: RoutingTable) {
        let generation = table.generation;
        self.table.store(Arc::new(table));
        self.changed.send_replace(generation);
    }
}

impl Routes {
    /// One consistent view; hold it for one event, not longer.
    #[must_use]
    pub fn snapshot(&self) -> Arc<RoutingTable> {
        self.table.load_full()
    }

    /// Waits for the next table; `None` when the publisher is gone. Cancel safe.
    pub async fn changed(&mut self) -> Option<Arc<RoutingTable>> {
        self.changed.changed().await.ok()?;
        Some(self.snapshot())
    }
}
