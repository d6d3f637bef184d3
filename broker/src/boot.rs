//! `sluice run`: every room in one process, started in order and ended in reverse.

use crate::compiling::Compiling;
use crate::entrance::Entrance;
use crate::signals::{Asked, Signals};
use crate::{greeting, logging};
use admin::Admin;
use broker_core::{
    Backend, Capabilities, Channels, Health, Limits, Provisioner, Publisher, Readiness, RoutingTable, routes,
};
use channel_log::{LogBackend, LogOptions};
use channel_memory::MemoryBackend;
use cli::{LogFormat, RunArgs};
use dispatcher::Dispatcher;
use ingress::{Ingress, Tls};
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Room in an event for its attributes beside the body that `--max-event-size` bounds: the limit of all headers.
const ATTRIBUTES: usize = ingress::HEAD_BYTES;
/// How long the last states may take after the drain.
const CLOSE_WITHIN: Duration = Duration::from_secs(15);

/// Why the process could not start: the exit code and one line for people.
pub(crate) struct StartError {
    code: u8,
    message: String,
}

impl StartError {
    /// The environment is not as needed: port in use, folder locked.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into() }
    }

    /// What was asked for makes no sense: no such folder, nothing usable in it.
    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self { code: 64, message: message.into() }
    }
}

/// The backends of this program, and what they can do.
pub(crate) fn capabilities() -> BTreeMap<String, Capabilities> {
    BTreeMap::from([
        (channel_log::NAME.to_owned(), channel_log::CAPABILITIES),
        (channel_memory::NAME.to_owned(), channel_memory::CAPABILITIES),
    ])
}

/// Runs until a signal ends it.
pub(crate) fn run(args: &RunArgs) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return report(&StartError::failed(format!("the async runtime does not start: {error}")));
        }
    };
    let ended = runtime.block_on(async {
        let mesh = Mesh::start(args).await?;
        mesh.serve(args.drain_timeout).await;
        Ok(())
    });
    // Reads and watches that block a thread are not waited for.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

fn report(error: &StartError) -> ExitCode {
    eprintln!("sluice: {}", error.message);
    ExitCode::from(error.code)
}

/// The rooms that run.
struct Mesh {
    compiling: Compiling,
    tls: Option<Tls>,
    signals: Signals,
    stops: Stops,
    ingress: JoinHandle<()>,
    dispatcher: JoinHandle<()>,
    provisioner: JoinHandle<()>,
    admin: JoinHandle<std::io::Result<()>>,
}

/// One switch a room, so that they end in order.
#[derive(Clone, Default)]
struct Stops {
    ingress: CancellationToken,
    dispatcher: CancellationToken,
    provisioner: CancellationToken,
    admin: CancellationToken,
}

impl Mesh {
    async fn start(args: &RunArgs) -> Result<Self, StartError> {
        logging::start(&args.log, args.log_format == LogFormat::Json)
            .map_err(|e| StartError::configuration(e.to_string()))?;
        let signals = Signals::listen().map_err(|e| StartError::failed(e.to_string()))?;
        let mut registry = Registry::default();
        // Addresses and folder first: what is taken already is said before anything is changed.
        let entrance = Entrance::open(args).await?;
        let admin_listener = bind_admin(args).await?;
        let log = LogBackend::open(&args.data, LogOptions::default(), &mut registry)
            .map_err(|e| StartError::failed(e.to_string()))?;
        let backends: Vec<Arc<dyn Backend>> = vec![log, Arc::new(MemoryBackend::new())];
        let compiling = Compiling::start(args, &backends, entrance.base_url())?;

        let (publisher, routes) = routes();
        let channels = Channels::default();
        let readiness = Arc::new(Readiness::default());
        let limits = Limits { max_event_bytes: args.max_event_size.saturating_add(ATTRIBUTES) };
        let door = Publisher::new(routes.clone(), channels.clone(), limits);
        let health: BTreeMap<String, watch::Receiver<Health>> =
            backends.iter().map(|b| (b.name().to_owned(), b.health())).collect();
        let provisioner =
            Provisioner::new(backends, channels.clone(), publisher, readiness.clone(), args.keep_removed);
        let published = provisioner.published();
        let dispatcher = Dispatcher::new(
            routes.clone(),
            channels.clone(),
            door.clone(),
            dispatcher_options(args, readiness.clone())?,
            &mut registry,
        )
        .map_err(|e| ca_bundle_unusable(args, &e))?;
        let ingress_metrics = ingress::Metrics::new(&mut registry);
        registry.register_collector(Box::new(admin::Gauges::new(
            routes.clone(),
            channels.clone(),
            health.clone(),
        )));
        let stops = Stops::default();
        let admin = Admin {
            channels,
            routes,
            publisher: door.clone(),
            readiness,
            compiled: compiling.compiled(),
            published: published.clone(),
            draining: stops.ingress.clone(),
            backends: health,
            registry: Arc::new(registry),
            token: token(args.admin_token_file.as_deref())?,
        };
        greeting::say(args, &entrance, admin_listener.local_addr().ok(), &compiling.now());
        let Entrance { ingress, tls } = entrance;

        Ok(Self {
            provisioner: tokio::spawn(provisioner.run(compiling.tables(), stops.provisioner.clone())),
            dispatcher: tokio::spawn(dispatcher.run(stops.dispatcher.clone())),
            ingress: tokio::spawn(open_when_published(
                ingress,
                door,
                ingress_metrics,
                published,
                stops.ingress.clone(),
            )),
            admin: tokio::spawn(admin.serve(admin_listener, stops.admin.clone())),
            compiling,
            tls,
            signals,
            stops,
        })
    }

    /// Works until it is told to end, then drains: not ready, stop accepting, finish requests, stop pulling,
    /// let deliveries finish, give back the rest, close.
    async fn serve(mut self, drain: Duration) {
        while matches!(self.signals.next().await, Asked::Reload) {
            tracing::info!("reading the manifests again");
            self.compiling.reload();
            self.tls.iter().for_each(Tls::reload);
        }
        tracing::info!("draining; a second signal ends at once");
        let mut signals = self.signals;
        // One deadline for all of them: who ends the process after the drain time waits for no more than closing.
        let deadline = tokio::time::Instant::now() + drain;
        let rooms = async {
            self.stops.ingress.cancel();
            finish(self.ingress, deadline).await;
            self.stops.dispatcher.cancel();
            finish(self.dispatcher, deadline).await;
            self.stops.provisioner.cancel();
            if tokio::time::timeout(CLOSE_WITHIN, self.provisioner).await.is_err() {
                tracing::warn!(
                    "the last state could not be written in time; some events are delivered again"
                );
            }
            self.stops.admin.cancel();
            let _ = self.admin.await;
        };
        tokio::select! {
            () = rooms => tracing::info!("bye"),
            () = second(&mut signals) => tracing::warn!("ended at once; what was under way is delivered again"),
        }
    }
}

/// Waits for a room, then cuts what is left: a request that is not answered is sent again by its sender, a
/// delivery that is not settled goes back to its group.
async fn finish(mut room: JoinHandle<()>, deadline: tokio::time::Instant) {
    if tokio::time::timeout_at(deadline, &mut room).await.is_err() {
        room.abort();
    }
}

async fn second(signals: &mut Signals) {
    while matches!(signals.next().await, Asked::Reload) {}
}

/// Events are taken once the first table is in force: before, every address would be unknown.
async fn open_when_published(
    ingress: Ingress,
    door: Publisher,
    metrics: ingress::Metrics,
    mut published: watch::Receiver<u64>,
    stop: CancellationToken,
) {
    let in_force = async {
        // The provisioner ends only after this room does.
        let _ = published.wait_for(|tables| *tables > 0).await;
    };
    tokio::select! {
        () = in_force => {}
        () = stop.cancelled() => return,
    }
    ingress.serve(door, metrics, stop).await;
}

fn dispatcher_options(args: &RunArgs, readiness: Arc<Readiness>) -> Result<dispatcher::Options, StartError> {
    let read = |path: &Path| std::fs::read(path).map_err(|e| ca_bundle_unusable(args, &e));
    Ok(dispatcher::Options {
        max_event_bytes: args.max_event_size,
        ca_bundle: args.ca_bundle.as_deref().map(read).transpose()?,
        drain: args.drain_timeout,
        readiness,
        ..dispatcher::Options::default()
    })
}

fn ca_bundle_unusable(args: &RunArgs, why: &dyn std::fmt::Display) -> StartError {
    let file = args.ca_bundle.as_deref().unwrap_or(Path::new(""));
    StartError::configuration(format!("--ca-bundle {}: {why}", file.display()))
}

async fn bind_admin(args: &RunArgs) -> Result<TcpListener, StartError> {
    TcpListener::bind(args.admin).await.map_err(|error| {
        StartError::failed(format!(
            "cannot listen on `{}` for the admin API: {error}; choose another address with `--admin`",
            args.admin
        ))
    })
}

fn token(file: Option<&Path>) -> Result<Option<String>, StartError> {
    let Some(file) = file else { return Ok(None) };
    let text = std::fs::read_to_string(file)
        .map_err(|e| StartError::configuration(format!("--admin-token-file {}: {e}", file.display())))?;
    let token = text.trim();
    if token.is_empty() {
        return Err(StartError::configuration(format!("--admin-token-file {}: it is empty", file.display())));
    }
    Ok(Some(token.to_owned()))
}

/// The tables that the provisioner follows.
pub(crate) type Tables = watch::Receiver<Arc<RoutingTable>>;
