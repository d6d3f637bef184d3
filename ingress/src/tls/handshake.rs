//! From an accepted socket to a connection that speaks HTTP.

use super::Tls;
use super::failures::{Failure, Failures};
use crate::connection;
use crate::exchange::Door;
use crate::metrics::Metrics;
use crate::pulse::Pulse;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Shakes hands with every peer, each in its own connection's task: a slow one holds up nobody.
pub(crate) struct Handshakes {
    tls: Tls,
    failures: Failures,
}

impl Handshakes {
    pub(crate) fn new(tls: Tls, metrics: &Metrics) -> Self {
        Self { tls, failures: Failures::new(metrics) }
    }

    /// Serves a connection from its first byte to its end.
    pub(crate) async fn serve(self: Arc<Self>, stream: TcpStream, door: Arc<Door>, pulse: Arc<Pulse>) {
        let peer = stream.peer_addr().ok();
        let limit = door.options.head_timeout;
        match self.shake(stream, limit, &pulse).await {
            None => {}
            Some(Ok(stream)) => connection::serve(stream, door, pulse).await,
            Some(Err(failure)) => self.failures.note(&failure, peer),
        }
    }

    /// `None`: the listener ends, and nobody has asked anything yet.
    async fn shake(
        &self,
        stream: TcpStream,
        limit: Duration,
        pulse: &Pulse,
    ) -> Option<Result<TlsStream<TcpStream>, Failure>> {
        let handshake = TlsAcceptor::from(self.tls.config()).accept(stream);
        let mut handshake = pin!(timeout(limit, handshake));
        let ended = poll_fn(|cx| {
            if pulse.draining(cx.waker()) {
                return Poll::Ready(None);
            }
            handshake.as_mut().poll(cx).map(Some)
        });
        Some(match ended.await? {
            Ok(shaken) => shaken.map_err(Failure::from),
            Err(_) => Err(Failure::timeout(limit)),
        })
    }
}
