//! Everything that goes to one host with one set of roots.

use super::line::{Line, Stream};
use super::{Answer, Pool, SendError};
use crate::lock;
use broker_core::{ClientCertificate, HttpSink};
use bytes::Bytes;
use http::{Request, response};
use http_body_util::Full;
use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_util::either::Either;

/// Where connections go, whom they trust, and what they show.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    https: bool,
    /// Without the brackets of an IPv6 address.
    host: String,
    port: u16,
    /// PEM, in addition to the roots of the process.
    ca_certs: Option<String>,
    own: Option<Arc<ClientCertificate>>,
}

impl Address {
    /// The address behind a sink, whose URI is absolute, `http` or `https`.
    pub(crate) fn of(sink: &HttpSink) -> Self {
        let HttpSink { uri, ca_certs, client_certificate } = sink;
        let https = uri.scheme() == Some(&http::uri::Scheme::HTTPS);
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
        let ca_certs = ca_certs.clone().filter(|_| https);
        Self { https, host, port, ca_certs, own: client_certificate.clone().filter(|_| https) }
    }
}

/// One host: its idle connections and its share of the bounds.
pub(crate) struct Host {
    pool: Arc<Pool>,
    address: Address,
    /// Requests under way; those that wait get their turn in order.
    turns: Semaphore,
    /// The one used last is on top, so that those too many grow old.
    idle: Mutex<Vec<Line>>,
    tls: tokio::sync::OnceCell<TlsConnector>,
}

impl Host {
    pub(super) fn new(pool: Arc<Pool>, address: Address) -> Self {
        let turns = Semaphore::new(pool.bounds.per_host);
        Self { pool, address, turns, idle: Mutex::default(), tls: tokio::sync::OnceCell::new() }
    }

    /// Sends what `request` makes and reads the answer, all within `timeout`. `keep` says how much of the body is wanted.
    ///
    /// A kept connection that turns out to be closed is replaced at once: at-least-once allows to send again.
    pub(crate) async fn send(
        &self,
        request: impl Fn() -> Request<Full<Bytes>>,
        keep: impl Fn(&response::Parts) -> usize,
        timeout: Duration,
    ) -> Result<Answer, SendError> {
        let until = Instant::now() + timeout;
        let _turn = match self.turns.try_acquire() {
            Ok(turn) => turn,
            Err(_) => Box::pin(timeout_at(until, self.turns.acquire()))
                .await
                .map_err(|_| SendError::Busy)?
                .expect("turns are never closed"),
        };
        let idle = lock(&self.idle).pop();
        let kept = idle.is_some();
        let mut line = match idle {
            Some(line) => line,
            None => Box::pin(self.connect(until, timeout)).await?,
        };
        let mut answer = self.exchange(&mut line, request(), &keep, until, timeout).await;
        if kept && matches!(answer, Err(SendError::Broken(_) | SendError::Tls(_))) {
            line = Box::pin(self.connect(until, timeout)).await?;
            answer = self.exchange(&mut line, request(), &keep, until, timeout).await;
        }
        if answer.as_ref().is_ok_and(|a| a.body.complete) {
            self.park(line);
        }
        answer
    }

    /// Closes what was idle for too long or was closed by the other side.
    pub(super) fn sweep(&self) {
        let oldest = Instant::now().checked_sub(self.pool.bounds.idle);
        lock(&self.idle).retain_mut(|line| oldest.is_none_or(|t| line.parked > t) && line.is_alive());
    }

    pub(super) fn close_idle(&self) {
        lock(&self.idle).clear();
    }

    fn park(&self, mut line: Line) {
        if self.pool.is_crowded() || !line.is_usable() {
            return;
        }
        line.parked = Instant::now();
        let mut idle = lock(&self.idle);
        if idle.len() < self.pool.bounds.idle_per_host {
            idle.push(line);
        }
    }

    async fn connect(&self, until: Instant, timeout: Duration) -> Result<Line, SendError> {
        let open = timeout_at(until, self.pool.room()).await.map_err(|_| SendError::Busy)?;
        let tcp = self.dial(until).await?;
        let stream = if self.address.https {
            let secure = timeout_at(until, self.secure(tcp)).await;
            Either::Right(Box::new(secure.map_err(|_| SendError::Timeout(timeout))??))
        } else {
            Stream::Left(tcp)
        };
        Line::new(stream, open).await.map_err(|e| self.broken(&e))
    }

    async fn dial(&self, until: Instant) -> Result<TcpStream, SendError> {
        let Address { host, port, .. } = &self.address;
        let limit = until.min(Instant::now() + self.pool.bounds.connect);
        let unreachable = |why: &dyn std::fmt::Display| {
            SendError::Unreachable(format!("`{host}:{port}` cannot be reached: {why}"))
        };
        let tcp = timeout_at(limit, TcpStream::connect((host.as_str(), *port)))
            .await
            .map_err(|_| unreachable(&"nobody answered in time"))?
            .map_err(|e| unreachable(&e))?;
        // Only an option of the socket: without it answers come later, not wrong.
        let _ = tcp.set_nodelay(true);
        Ok(tcp)
    }

    async fn secure(&self, tcp: TcpStream) -> Result<tokio_rustls::client::TlsStream<TcpStream>, SendError> {
        let Address { host, ca_certs, own, .. } = &self.address;
        let connector = self.pool.trust.connector(ca_certs.as_deref(), own.as_deref());
        let connector = self.tls.get_or_try_init(|| connector).await?;
        super::tls::handshake(connector, host, own.is_some(), tcp).await
    }

    async fn exchange(
        &self,
        line: &mut Line,
        request: Request<Full<Bytes>>,
        keep: impl FnOnce(&response::Parts) -> usize,
        until: Instant,
        timeout: Duration,
    ) -> Result<Answer, SendError> {
        match timeout_at(until, line.exchange(request, keep, &self.pool.memory)).await {
            Ok(answer) => answer.map_err(|e| self.broken(&e)),
            Err(_) => Err(SendError::Timeout(timeout)),
        }
    }

    /// The error with its cause, without repeating itself.
    fn broken(&self, error: &hyper::Error) -> SendError {
        let Some(cause) = error.source() else { return SendError::Broken(error.to_string()) };
        let Address { host, own, .. } = &self.address;
        match super::tls::explain(host, own.is_some(), cause) {
            Some(why) => SendError::Tls(why),
            None => SendError::Broken(format!("{error}: {cause}")),
        }
    }
}
