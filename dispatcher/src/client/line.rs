//! One connection.

use super::body::Memory;
use super::{Answer, body};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper::client::conn::http1::{Connection, SendRequest};
use hyper_util::rt::TokioIo;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

/// Bytes to a sink, plain or TLS.
pub(super) type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

type Wire = Pin<Box<Connection<TokioIo<Stream>, Full<Bytes>>>>;

/// A connection to a host. Not polled while idle.
pub(super) struct Line {
    requests: SendRequest<Full<Bytes>>,
    /// None once it has ended. It goes then: a request that it still held hears of the end by that, and by nothing else.
    wire: Option<Wire>,
    /// When it was put away.
    pub(super) parked: Instant,
    _open: OwnedSemaphorePermit,
}

impl Line {
    pub(super) async fn new(stream: Stream, open: OwnedSemaphorePermit) -> Result<Self, hyper::Error> {
        let (requests, wire) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        Ok(Self { requests, wire: Some(Box::pin(wire)), parked: Instant::now(), _open: open })
    }

    /// Whether another request can be sent after a complete answer.
    pub(super) fn is_usable(&mut self) -> bool {
        (self.wire.is_some() && self.requests.is_ready()) || self.is_alive()
    }

    /// Looks whether the other side has hung up. Does not wait.
    pub(super) fn is_alive(&mut self) -> bool {
        poll_wire(&mut self.wire, &mut Context::from_waker(Waker::noop()));
        self.wire.is_some() && self.requests.is_ready()
    }

    /// Sends a request and reads the answer. Dropped half way, the line must be dropped too.
    pub(super) async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
        keep: impl FnOnce(&http::response::Parts) -> usize,
        memory: &Arc<Memory>,
    ) -> Result<Answer, hyper::Error> {
        let Self { requests, wire, .. } = self;
        let exchange = async {
            let (head, body) = requests.send_request(request).await?.into_parts();
            let keep = keep(&head);
            let body = body::read(body, keep, memory).await;
            Ok(Answer { status: head.status, headers: head.headers, body })
        };
        drive(exchange, wire).await
    }
}

/// Runs `exchange` and moves its bytes at the same time.
async fn drive<T>(exchange: impl Future<Output = T>, wire: &mut Option<Wire>) -> T {
    let mut exchange = pin!(exchange);
    poll_fn(|cx| {
        if let Poll::Ready(done) = exchange.as_mut().poll(cx) {
            return Poll::Ready(done);
        }
        // The end of the wire is no answer: the exchange hears of it and says what it means.
        poll_wire(wire, cx);
        exchange.as_mut().poll(cx)
    })
    .await
}

fn poll_wire(wire: &mut Option<Wire>, cx: &mut Context<'_>) {
    if wire.as_mut().is_some_and(|wire| wire.as_mut().poll(cx).is_ready()) {
        *wire = None;
    }
}
