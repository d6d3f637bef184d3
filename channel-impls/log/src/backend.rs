//! The log as a backend: opening, channels, closing.

use crate::catalog::{Catalog, Channel, LANES, NO_BUDGET, number};
use crate::channel::LogChannel;
use crate::disk::Disk;
use crate::folder::{Folder, FolderLock};
use crate::frame::{Header, Kind};
use crate::frames::Frames;
use crate::index::Index;
use crate::lane::{Contents, Lane};
use crate::metrics::Metrics;
use crate::mover::Mover;
use crate::queue::{Purpose, Queue};
use crate::recover::{Failure, recover};
use crate::segments::Segments;
use crate::shared::Shared;
use crate::spares;
use crate::state::State;
use crate::steward::Steward;
use crate::tail::Tail;
use crate::writer::Writer;
use crate::{Damage, LogOptions, OpenError, hold};
use async_trait::async_trait;
use broker_core::{Backend, BackendError, Capabilities, ChannelId, ChannelOptions, Health, Log};
use prometheus_client::registry::Registry;
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use tokio::sync::watch;

/// The word that chooses this backend.
pub const NAME: &str = "log";
/// What it can do: everything.
pub const CAPABILITIES: Capabilities = Capabilities { ordered_lanes: true, replay: true, durable: true };

/// The embedded log of one data folder. Its channels close with it: keep it as long as they are used.
pub struct LogBackend {
    shared: Arc<Shared>,
    channels: Mutex<HashMap<ChannelId, Arc<LogChannel>>>,
    /// Opening and removing a channel go one after the other.
    provisioning: tokio::sync::Mutex<()>,
    /// The writer first.
    threads: Mutex<Vec<JoinHandle<()>>>,
    lock: Mutex<Option<FolderLock>>,
}

impl LogBackend {
    /// Opens the log in a folder, which is made if it is missing, and locks it against other processes.
    ///
    /// # Errors
    /// When the folder cannot be used, is used by another process, or was written by a newer program. Never
    /// for damage: see [`LogBackend::damage`].
    pub fn open(
        dir: &Path,
        mut options: LogOptions,
        registry: &mut Registry,
    ) -> Result<Arc<Self>, OpenError> {
        let (folder, lock) = Folder::open(dir)?;
        let fails = |source| OpenError::Folder { folder: dir.to_path_buf(), source };
        if options.disk_budget.is_none() {
            options.disk_budget = Some(folder.disk_bytes().map_err(fails)? / 2);
        }
        let backend =
            Self::open_on(Arc::new(folder), options, registry).map_err(|failure| match failure {
                OpenError::Folder { source, .. } => fails(source),
                other => other,
            })?;
        *hold(&backend.lock) = Some(lock);
        Ok(backend)
    }

    /// Opens the log on any [`Disk`]; the caller sees to it that nobody else does.
    ///
    /// # Errors
    /// As [`LogBackend::open`].
    pub fn open_on(
        disk: Arc<dyn Disk>,
        options: LogOptions,
        registry: &mut Registry,
    ) -> Result<Arc<Self>, OpenError> {
        let found = recover(disk.as_ref(), options.segment_bytes).map_err(|failure| match failure {
            Failure::Open(error) => error,
            Failure::Io(source) => OpenError::Folder { folder: ".".into(), source },
        })?;
        let shared = Arc::new(Shared {
            queue: Queue::new(options.queue_bytes),
            segments: Segments::new(found.files, spares::bytes(options.segment_bytes)),
            catalog: Mutex::new(found.catalog),
            metrics: Metrics::register(registry),
            health: watch::Sender::new(Health::Up),
            damage: Mutex::new(Vec::new()),
            disk,
            options,
        });
        found.damage.into_iter().for_each(|damage| shared.report(damage));
        shared.segments.prepare();
        let steward = Steward::new(shared.clone(), found.id);
        let mover = Mover::new(shared.clone());
        let writer = Writer::new(shared.clone(), found.last_time);
        let backend = Arc::new(Self {
            shared,
            channels: Mutex::default(),
            provisioning: tokio::sync::Mutex::new(()),
            threads: Mutex::default(),
            lock: Mutex::default(),
        });
        backend.start("log-writer", move || writer.run())?;
        backend.start("log-steward", move || steward.run())?;
        backend.start("log-mover", move || mover.run())?;
        Ok(backend)
    }

    /// The damaged places found since the log was opened, the first thousand of them.
    #[must_use]
    pub fn damage(&self) -> Vec<Damage> {
        hold(&self.shared.damage).clone()
    }

    fn start(&self, name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
        hold(&self.threads).push(thread.map_err(OpenError::Threads)?);
        Ok(())
    }

    /// What has to stop, to be handed to [`stop`]. The second time it is nothing.
    fn running(&self) -> (Arc<Shared>, Vec<JoinHandle<()>>, Option<FolderLock>) {
        hold(&self.channels).clear();
        (self.shared.clone(), std::mem::take(&mut *hold(&self.threads)), hold(&self.lock).take())
    }

    /// Finds the channel in the catalog or adds it.
    fn provide(&self, id: &ChannelId) -> Result<Arc<Channel>, BackendError> {
        let number = number(id);
        let mut catalog = hold(&self.shared.catalog);
        let known = catalog.channels.get(&number).cloned();
        let channel = match known {
            Some(channel) if channel.name.as_ref() == Some(id) => return Ok(channel),
            Some(channel) if channel.name.is_some() => {
                let detail = format!("`{id}` cannot be kept beside a channel of the same number; rename it");
                return Err(BackendError { backend: NAME, detail });
            }
            // Its records survived, its name did not.
            Some(nameless) => Channel {
                number,
                name: Some(id.clone()),
                since: nameless.since,
                lanes: nameless.lanes.clone(),
                budget: AtomicU64::new(NO_BUDGET),
            },
            None => fresh(id, number, &catalog),
        };
        let channel = Arc::new(channel);
        catalog.channels.insert(number, channel.clone());
        drop(catalog);
        let mut frames = Frames::default();
        channel.mark().push(number, &mut frames);
        // Not waited for: whatever is appended comes after it in the log.
        let posted = self.shared.queue.post(frames, Purpose::Create, true);
        posted.map_err(|detail| BackendError { backend: NAME, detail })?;
        Ok(channel)
    }
}

/// Writes what is buffered, ends the threads and gives back the lock. Blocks.
fn stop((shared, threads, lock): (Arc<Shared>, Vec<JoinHandle<()>>, Option<FolderLock>)) {
    shared.queue.end("the log is closed");
    for thread in threads {
        // One that panicked has nothing more to write.
        let _ = thread.join();
        // After the writer: it may need the steward for its last batch.
        shared.segments.close();
    }
    hold(&shared.catalog).lanes().iter().for_each(|lane| lane.close(false));
    drop(lock);
}

fn fresh(id: &ChannelId, number: u64, catalog: &Catalog) -> Channel {
    let lanes = LANES.map(|lane| {
        let (index, tail, state) = (Index::default(), Tail::default(), State::default());
        let contents = Contents { first: 0, end: 0, index, tail, state, closed: false };
        Arc::new(Lane::new(number, lane, contents, catalog.fresh_from, 0))
    });
    let since = catalog.graves.get(&number).copied().unwrap_or_default();
    Channel { number, name: Some(id.clone()), since, lanes, budget: AtomicU64::new(NO_BUDGET) }
}

#[async_trait]
impl Backend for LogBackend {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn open(
        &self,
        channel: &ChannelId,
        options: &ChannelOptions,
    ) -> Result<Arc<dyn Log>, BackendError> {
        let _one = self.provisioning.lock().await;
        if let Some(log) = hold(&self.channels).get(channel).cloned() {
            log.configure(options);
            return Ok(log);
        }
        let log = Arc::new(LogChannel::new(self.shared.clone(), self.provide(channel)?, options));
        hold(&self.channels).insert(channel.clone(), log.clone());
        Ok(log)
    }

    async fn remove(&self, channel: &ChannelId) -> Result<(), BackendError> {
        let _one = self.provisioning.lock().await;
        let number = number(channel);
        let found = hold(&self.shared.catalog).channels.get(&number).cloned();
        let Some(found) = found.filter(|found| found.name.as_ref() == Some(channel)) else { return Ok(()) };
        // In this order: nothing of the channel is written after the record that ends it.
        found.lanes.iter().for_each(|lane| lane.gone.store(true, Ordering::Release));
        let mut frames = Frames::default();
        frames.push(Header::new(Kind::Remove, number, 0), |_| ());
        let written = self.shared.queue.submit(frames, Purpose::Remove { channel: number }, true).await;
        if let Err(detail) = written {
            found.lanes.iter().for_each(|lane| lane.gone.store(false, Ordering::Release));
            return Err(BackendError { backend: NAME, detail });
        }
        hold(&self.shared.catalog).channels.remove(&number);
        hold(&self.channels).remove(channel);
        found.lanes.iter().for_each(|lane| lane.close(true));
        self.shared.segments.look();
        Ok(())
    }

    async fn channels(&self) -> Result<Vec<ChannelId>, BackendError> {
        let catalog = hold(&self.shared.catalog);
        Ok(catalog.channels.values().filter_map(|channel| channel.name.clone()).collect())
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.shared.health.subscribe()
    }

    async fn close(&self) {
        let running = self.running();
        // It fails only if stopping panicked; there is nothing left to stop then.
        let _ = tokio::task::spawn_blocking(move || stop(running)).await;
    }
}

impl Drop for LogBackend {
    fn drop(&mut self) {
        stop(self.running());
    }
}
