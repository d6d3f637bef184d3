//! Keeps one worker per trigger of the table in force.

use crate::client::{Bounds, CaBundleError, Pool, Trust};
use crate::metrics::Metrics;
use crate::plan::{Change, Key, plan};
use crate::print::Printer;
use crate::trigger::{Means, Trigger};
use crate::worker::Worker;
use arc_swap::ArcSwap;
use broker_core::{Channels, InForce, Publisher, Readiness, Routes, RoutingTable, TriggerRoute};
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A batch of replies may be so many times the size of one event, as a batch from outside.
const BATCH: usize = 16;
/// Bytes of large answers in memory, over all sinks; one that finds no room is asked for again.
const ANSWERS: usize = 256 * 1024 * 1024;
/// How often idle connections are looked at.
const SWEEP: Duration = Duration::from_secs(10);

/// What a dispatcher is told once.
pub struct Options {
    /// Bytes of one event (`--max-event-size`); an answer is read up to 16 times that.
    pub max_event_bytes: usize,
    /// PEM roots that are trusted beside the system's (`--ca-bundle`).
    pub ca_bundle: Option<Vec<u8>>,
    /// How long deliveries may go on after the shutdown began (`--drain-timeout`).
    pub drain: Duration,
    /// Open connections to sinks in all, idle ones included.
    pub connections: usize,
    /// Requests to one host at the same time; more wait for their turn, within the time-out of their delivery.
    pub connections_per_host: usize,
    /// Limit of name look-up and TCP connect together.
    pub connect_timeout: Duration,
    /// Is told whose deliveries fail, and why.
    pub readiness: Arc<Readiness>,
    /// Where `IntegrationSink`s with `log` print.
    pub output: Box<dyn Write + Send>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_event_bytes: 1024 * 1024,
            ca_bundle: None,
            drain: Duration::from_secs(30),
            connections: 4096,
            connections_per_host: 1024,
            connect_timeout: Duration::from_secs(10),
            readiness: Arc::default(),
            output: Box::new(std::io::stdout()),
        }
    }
}

/// Delivers what the channels lend to the triggers of the routing table.
pub struct Dispatcher {
    routes: Routes,
    means: Arc<Means>,
    drain: Duration,
    running: BTreeMap<Key, Running>,
    workers: JoinSet<()>,
}

/// The handles of a worker.
struct Running {
    route: Arc<TriggerRoute>,
    trigger: Arc<ArcSwap<Trigger>>,
    stop: CancellationToken,
}

impl Dispatcher {
    /// A dispatcher that does nothing before [`Dispatcher::run`]. Metrics are registered under their full names.
    ///
    /// # Errors
    /// When the CA bundle cannot be used.
    pub fn new(
        routes: Routes,
        channels: Channels,
        publisher: Publisher,
        options: Options,
        registry: &mut Registry,
    ) -> Result<Self, CaBundleError> {
        let bounds = Bounds {
            open: options.connections,
            per_host: options.connections_per_host,
            idle_per_host: options.connections_per_host,
            idle: Duration::from_secs(60),
            connect: options.connect_timeout,
            memory: ANSWERS,
        };
        let means = Means {
            channels,
            publisher,
            pool: Pool::new(Trust::new(options.ca_bundle.as_deref())?, bounds),
            readiness: options.readiness,
            printer: Printer::new(options.output),
            metrics: Metrics::register(registry),
            reply_bytes: options.max_event_bytes.saturating_mul(BATCH),
        };
        Ok(Self {
            routes,
            means: Arc::new(means),
            drain: options.drain,
            running: BTreeMap::new(),
            workers: JoinSet::new(),
        })
    }

    /// Runs until `shutdown`, then takes nothing more, lets deliveries finish for the drain time and gives back the rest.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut sweep = tokio::time::interval(SWEEP);
        let table = self.routes.snapshot();
        self.apply(&table);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                table = next_table(&mut self.routes) => self.apply(&table),
                _ = sweep.tick() => self.means.pool.sweep(),
                Some(_) = self.workers.join_next(), if !self.workers.is_empty() => {}
            }
        }
        self.finish().await;
    }

    fn apply(&mut self, table: &RoutingTable) {
        let running = self.running.iter().map(|(key, r)| (key.clone(), r.route.clone())).collect();
        for change in plan(&running, table) {
            match change {
                Change::Start(key, route) => self.start(key, route),
                Change::Replace(key, route) => self.replace(&key, route),
                Change::Stop(key) => self.stop(&key),
            }
        }
    }

    fn start(&mut self, key: Key, route: Arc<TriggerRoute>) {
        let trigger = Trigger::new(key.0.clone(), route.clone(), self.means.clone());
        let trigger = Arc::new(ArcSwap::from_pointee(trigger));
        let stop = CancellationToken::new();
        self.workers.spawn(Worker { trigger: trigger.clone(), stop: stop.clone() }.run());
        tracing::debug!(trigger = %route.group, "deliveries begin");
        self.running.insert(key, Running { route, trigger, stop });
    }

    fn replace(&mut self, key: &Key, route: Arc<TriggerRoute>) {
        if let Some(running) = self.running.get_mut(key) {
            running.trigger.store(Arc::new(running.trigger.load().changed(route.clone())));
            running.route = route;
            tracing::info!(trigger = %key.1, "deliveries go on with changed settings");
        }
    }

    fn stop(&mut self, key: &Key) {
        if let Some(running) = self.running.remove(key) {
            running.stop.cancel();
            self.means.metrics.forget(key.1.as_str());
            self.means.readiness.clear_failing(&key.1);
            tracing::info!(trigger = %key.1, "deliveries end");
        }
    }

    async fn finish(mut self) {
        for running in self.running.values() {
            running.stop.cancel();
        }
        let done =
            tokio::time::timeout(self.drain, async { while self.workers.join_next().await.is_some() {} });
        if done.await.is_err() {
            let triggers = self.workers.len();
            tracing::warn!(
                triggers,
                "deliveries were cut off by the drain time-out; their events come again"
            );
            self.workers.shutdown().await;
        }
    }
}

/// The next table; never, when nobody publishes any more.
async fn next_table(routes: &mut Routes) -> Arc<InForce> {
    match routes.changed().await {
        Some(table) => table,
        None => std::future::pending().await,
    }
}
