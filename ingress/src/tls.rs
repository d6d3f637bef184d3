//! HTTPS on the listener: the certificate in force, and how it is exchanged while the listener runs.

mod failures;
mod files;
mod handshake;
mod watch;

pub(crate) use failures::Reason;
pub use files::{TlsError, TlsFiles};
pub(crate) use handshake::Handshakes;

use crate::metrics::Metrics;
use arc_swap::ArcSwap;
use files::Contents;
use rustls::ServerConfig;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};
use watch::Watch;

/// How often the files are read again. Reading three small files costs some 50 us, knows nothing of inodes and
/// sees whatever path leads to another content: an editor's rename, `cp`, certbot's links, the folder that
/// Kubernetes swaps below a mounted Secret. A watcher would need all of these told apart, and this beside it.
const LOOK: Duration = Duration::from_secs(1);

/// A certificate for the listener, read again when its files change. Cheap to clone; clones share it.
#[derive(Clone, Debug)]
pub struct Tls {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    files: TlsFiles,
    in_force: ArcSwap<InForce>,
    /// Somebody wants the files to be read now.
    wish: Notify,
}

/// What new connections get.
#[derive(Debug)]
struct InForce {
    contents: Contents,
    identity: certificates::Identity,
    config: Arc<ServerConfig>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// When one cannot be read or used, or key and certificate do not belong together. Later that is only told,
    /// and the last good files stay in force.
    pub fn open(files: TlsFiles) -> Result<Self, TlsError> {
        let first = InForce::compile(files.read()?, &files)?;
        let in_force = ArcSwap::from_pointee(first);
        Ok(Self { shared: Arc::new(Shared { files, in_force, wish: Notify::new() }) })
    }

    /// Has the files read now instead of within a second.
    pub fn reload(&self) {
        self.shared.wish.notify_one();
    }

    /// The host for URLs that lead to `address`: one that stands in the certificate, if there is one.
    #[must_use]
    pub fn host_for(&self, address: IpAddr) -> String {
        self.shared.in_force.load().identity.host_for(address)
    }

    /// Whether clients must show a certificate.
    #[must_use]
    pub fn is_mutual(&self) -> bool {
        self.shared.files.client_ca.is_some()
    }

    fn config(&self) -> Arc<ServerConfig> {
        self.shared.in_force.load().config.clone()
    }

    /// Follows the files; never ends.
    pub(crate) async fn follow(&self, metrics: &Metrics) {
        let mut watch = Watch::default();
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let asked = tokio::select! {
                () = self.shared.wish.notified() => true,
                _ = looks.tick() => false,
            };
            match watch.judge(self.look().await, asked) {
                None => {}
                Some(Ok(next)) => {
                    self.shared.in_force.store(Arc::new(next));
                    metrics.tls_loaded.inc();
                    let file = self.shared.files.cert.display();
                    tracing::info!(%file, "new connections get the changed certificate");
                }
                Some(Err(error)) => {
                    metrics.tls_refused.inc();
                    tracing::error!("{error}; the certificate read before stays in force");
                }
            }
        }
    }

    /// What the files hold, unless it is in force already.
    async fn look(&self) -> Result<Option<InForce>, TlsError> {
        let Shared { files, in_force, .. } = &*self.shared;
        let reading = files.clone();
        // A file on a slow mount holds up this look and nothing else. That nothing comes back means that the
        // process ends.
        let read = tokio::task::spawn_blocking(move || reading.read()).await;
        match read {
            Err(_) => Ok(None),
            Ok(contents) => match contents? {
                same if same == in_force.load().contents => Ok(None),
                other => InForce::compile(other, files).map(Some),
            },
        }
    }
}
