//! All open connections, and the sweep over them.

use crate::metrics::Metrics;
use crate::options::Options;
use crate::pulse::{Pulse, Verdict};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};

/// Owns the connections' tasks; dropped, it cuts them.
pub(crate) struct Connections {
    tasks: JoinSet<()>,
    open: HashMap<Id, (AbortHandle, Arc<Pulse>)>,
    metrics: Metrics,
}

impl Connections {
    pub(crate) fn new(metrics: Metrics) -> Self {
        Self { tasks: JoinSet::new(), open: HashMap::new(), metrics }
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// Runs a connection that reports to `pulse`.
    pub(crate) fn spawn(&mut self, pulse: Arc<Pulse>, connection: impl Future<Output = ()> + Send + 'static) {
        let task = self.tasks.spawn(connection);
        self.open.insert(task.id(), (task, pulse));
        self.metrics.connections.set(self.open.len() as i64);
    }

    /// Waits until a connection has ended; for ever when there is none. Cancel safe.
    pub(crate) async fn ended(&mut self) {
        match self.tasks.join_next_with_id().await {
            None => std::future::pending().await,
            Some(Ok((id, ()))) => self.forget(id),
            Some(Err(error)) => {
                report(&error);
                self.forget(error.id());
            }
        }
    }

    /// Cuts the connections that waited too long.
    pub(crate) fn sweep(&self, options: &Options) {
        for (task, pulse) in self.open.values() {
            match pulse.verdict(options) {
                Verdict::Fine => {}
                Verdict::Drain => pulse.drain(),
                Verdict::Cut => {
                    self.metrics.connections_cut.inc();
                    task.abort();
                }
            }
        }
    }

    /// Asks all connections to finish their requests and close.
    pub(crate) fn drain(&self) {
        for (_, pulse) in self.open.values() {
            pulse.drain();
        }
    }

    fn forget(&mut self, id: Id) {
        self.open.remove(&id);
        self.metrics.connections.set(self.open.len() as i64);
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        self.metrics.connections.set(0);
    }
}

fn report(error: &JoinError) {
    if error.is_panic() {
        tracing::error!(%error, "a connection's task panicked; please report this");
    }
}
