//! The targets that requests named, with what is looked up once for each.

use crate::address;
use crate::metrics::Metrics;
use crate::refusal::Refusal;
use broker_core::{ObjectKey, PublishError, Publisher};
use prometheus_client::metrics::counter::Counter;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Paths that are remembered; when there are more, all are forgotten and looked up anew.
const REMEMBERED: usize = 16_384;

/// A target that was found.
pub(crate) struct Target {
    pub(crate) key: ObjectKey,
    pub(crate) accepted: Counter,
}

/// Targets by path, of all connections.
#[derive(Default)]
pub(crate) struct Targets {
    by_path: RwLock<HashMap<Box<str>, Arc<Target>>>,
}

impl Targets {
    /// The target of a request, if there is such a one at the moment.
    pub(crate) fn find(
        &self,
        path: &str,
        host: &str,
        publisher: &Publisher,
        metrics: &Metrics,
    ) -> Result<Arc<Target>, Refusal> {
        if let Some(target) = self.remembered(path).filter(|target| publisher.knows(&target.key)) {
            return Ok(target);
        }
        let key = address::target(path, host).ok_or_else(|| Refusal::NoAddress(path.to_owned()))?;
        if !publisher.knows(&key) {
            return Err(PublishError::NoSuchTarget(key).into());
        }
        let accepted = metrics.accepted(&key);
        let target = Arc::new(Target { key, accepted });
        // The next request with a bare path may name another host.
        if !address::is_bare(path) {
            self.remember(path, &target);
        }
        Ok(target)
    }

    fn remembered(&self, path: &str) -> Option<Arc<Target>> {
        self.by_path.read().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    fn remember(&self, path: &str, target: &Arc<Target>) {
        let mut by_path = self.by_path.write().unwrap_or_else(PoisonError::into_inner);
        if by_path.len() >= REMEMBERED {
            by_path.clear();
        }
        by_path.insert(path.into(), target.clone());
    }
}
