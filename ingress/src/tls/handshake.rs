//! From an accepted socket to a connection that speaks HTTP.

use super::Tls;
use super::failures::{Failure, Failures};
use crate::connection::{self, Protocol};
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

/// The names of what is spoken, as a handshake has them; the first one that both sides know is taken.
pub(super) const HTTP_2: &[u8] = b"h2";
pub(super) const HTTP_1: &[u8] = b"http/1.1";

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
            Some(Ok(stream)) => {
                let protocol = agreed(&stream);
                connection::serve(stream, protocol, door, pulse).await;
            }
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

/// What client and listener chose in the handshake (ALPN); old clients choose nothing.
fn agreed(stream: &TlsStream<TcpStream>) -> Protocol {
    match stream.get_ref().1.alpn_protocol() {
        Some(HTTP_2) => Protocol::Http2,
        Some(_) => Protocol::Http1,
        None => Protocol::Either,
    }
}
