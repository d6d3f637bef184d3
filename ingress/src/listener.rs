//! The socket: bind, accept, drain.

use crate::body::Budget;
use crate::connection::{self, Protocol};
use crate::connections::Connections;
use crate::exchange::Door;
use crate::metrics::Metrics;
use crate::options::Options;
use crate::pulse::Pulse;
use crate::targets::Targets;
use crate::tls::{Handshakes, Tls};
use broker_core::Publisher;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

/// How often connections are looked at; time-outs are exact to this.
const SWEEP: Duration = Duration::from_secs(1);

/// How long accepting rests when the system has no descriptor or memory for one more connection.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// The listener for events: bound, then served.
#[derive(Debug)]
pub struct Ingress {
    listener: TcpListener,
    local_addr: SocketAddr,
    options: Options,
    tls: Option<Tls>,
}

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else does.
    #[error(
        "`{0}` is in use: stop the program that listens there, or choose another address with `--listen`"
    )]
    InUse(SocketAddr),
    /// Not for this user.
    #[error("no permission to listen on `{0}`: choose a port above 1023 with `--listen`")]
    Forbidden(SocketAddr),
    /// Not on this machine.
    #[error("`{0}` is no address of this machine: choose one that is with `--listen`")]
    NotHere(SocketAddr),
    /// Something else.
    #[error("cannot listen on `{0}`: {1}")]
    Other(SocketAddr, io::Error),
}

impl Ingress {
    /// Takes the address, without accepting yet. Port 0 takes a free one.
    ///
    /// # Errors
    /// See [`BindError`].
    pub async fn bind(address: SocketAddr, options: Options) -> Result<Self, BindError> {
        let bound = async {
            let listener = TcpListener::bind(address).await?;
            let local_addr = listener.local_addr()?;
            Ok((listener, local_addr))
        };
        let (listener, local_addr) = bound.await.map_err(|error: io::Error| match error.kind() {
            io::ErrorKind::AddrInUse => BindError::InUse(address),
            io::ErrorKind::PermissionDenied => BindError::Forbidden(address),
            io::ErrorKind::AddrNotAvailable => BindError::NotHere(address),
            _ => BindError::Other(address, error),
        })?;
        Ok(Self { listener, local_addr, options, tls: None })
    }

    /// Speaks HTTPS instead of HTTP.
    #[must_use]
    pub fn secured(self, tls: Tls) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// The address that was taken.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves until `shutdown`, then stops accepting, finishes the requests that came, closes the idle
    /// connections and returns. The deadline is the caller's: dropping the future cuts what is left.
    pub async fn serve(self, publisher: Publisher, metrics: Metrics, shutdown: CancellationToken) {
        let budget = Budget::new(self.options.body_memory);
        let mut connections = Connections::new(metrics.clone());
        let mut following = pin!(follow(self.tls.clone(), metrics.clone()));
        let handshakes = self.tls.map(|tls| Arc::new(Handshakes::new(tls, &metrics)));
        let door =
            Arc::new(Door { publisher, metrics, options: self.options, budget, targets: Targets::default() });
        let mut sweep = interval(SWEEP);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let room = connections.len() < door.options.max_connections;
            // All arms are cancel safe: a connection is accepted or stays in the system's queue, and the certificate's
            // files are followed where they were left.
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = connections.ended() => {}
                () = &mut following => {}
                _ = sweep.tick() => connections.sweep(&door.options),
                stream = accept(&self.listener), if room => {
                    open(stream, &mut connections, handshakes.as_ref(), &door);
                }
            }
        }
        drop(self.listener);
        connections.drain();
        while connections.len() > 0 {
            tokio::select! {
                () = connections.ended() => {}
                _ = sweep.tick() => connections.sweep(&door.options),
            }
        }
    }
}

/// The next connection. What fails is the peer's matter, or passes with time.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) if is_the_peers(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no further connection can be accepted: is the limit of open files too low (`ulimit -n`)?");
                sleep(EXHAUSTED).await;
            }
        }
    }
}

fn is_the_peers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Never ends.
async fn follow(tls: Option<Tls>, metrics: Metrics) {
    match tls {
        Some(tls) => tls.follow(&metrics).await,
        None => std::future::pending().await,
    }
}

fn open(
    stream: TcpStream,
    connections: &mut Connections,
    handshakes: Option<&Arc<Handshakes>>,
    door: &Arc<Door>,
) {
    // Without it an answer could wait for the peer's delayed acknowledgement; a socket that refuses is gone already.
    let _ = stream.set_nodelay(true);
    let pulse = Arc::new(Pulse::new());
    match handshakes.cloned() {
        None => {
            connections.spawn(pulse.clone(), connection::serve(stream, Protocol::Either, door.clone(), pulse))
        }
        Some(shaking) => connections.spawn(pulse.clone(), shaking.serve(stream, door.clone(), pulse)),
    }
    if connections.len() == door.options.max_connections {
        door.metrics.connection_limit_reached.inc();
        tracing::warn!(
            connections = connections.len(),
            "connection limit reached: new connections wait until one closes"
        );
    }
}
