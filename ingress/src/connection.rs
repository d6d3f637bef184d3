//! One connection: HTTP/1.1 or HTTP/2, as agreed on, or whichever the peer speaks first.

use crate::exchange::{Door, Exchange};
use crate::options::{HEAD_BYTES, OWN_RESETS, PENDING_RESETS, STREAMS};
use crate::pulse::Pulse;
use crate::transport::Transport;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};

/// What is spoken on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
    /// Nothing was agreed on: the first bytes say it.
    Either,
}

/// Serves a connection until it ends, or is drained.
pub(crate) async fn serve<IO>(io: IO, protocol: Protocol, door: Arc<Door>, pulse: Arc<Pulse>)
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let exchange = Arc::new(Exchange::new(door, pulse.clone()));
    let service = service_fn(move |request| {
        let exchange = exchange.clone();
        async move { Ok::<_, Infallible>(exchange.answer(request).await) }
    });
    let protocols = match protocol {
        Protocol::Http1 => protocols().http1_only(),
        Protocol::Http2 => protocols().http2_only(),
        Protocol::Either => protocols(),
    };
    let io = TokioIo::new(Transport::new(io, pulse.clone()));
    let mut connection = pin!(protocols.serve_connection(io, service));
    let mut drained = false;
    let end = poll_fn(|cx| {
        if !drained && pulse.draining(cx.waker()) {
            drained = true;
            connection.as_mut().graceful_shutdown();
        }
        connection.as_mut().poll(cx)
    });
    if let Err(error) = end.await {
        tracing::debug!(%error, "connection ended");
    }
}

/// The limits of both protocols. hyper gets no timer: its head timer would also run while a connection is
/// idle, so heads and idle connections are timed by the sweep.
fn protocols() -> Builder<TokioExecutor> {
    // hyper spawns HTTP/2 streams by this executor; each of them ends with its connection.
    let mut protocols = Builder::new(TokioExecutor::new());
    protocols.http1().max_buf_size(HEAD_BYTES).half_close(true);
    protocols
        .http2()
        .max_header_list_size(HEAD_BYTES as u32)
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(PENDING_RESETS)
        .max_local_error_reset_streams(OWN_RESETS);
    protocols
}
