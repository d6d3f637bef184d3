//! The accept loop: an axum router behind time-outs and bounds.

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Connections at one time; more wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 256;
/// Bytes of all headers of one request.
const MAX_HEADERS: usize = 64 * 1024;
/// From connecting to the end of the first headers, and again for each request.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// What open requests get when the server ends.
const DRAIN_TIME: Duration = Duration::from_secs(5);
/// After a failed accept (no file handles left): long enough not to spin, short enough not to be noticed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves HTTP/1.1 and HTTP/2 until `stop`, then lets open requests finish for some seconds.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => { connections.spawn(connection(stream, router.clone(), stop.clone())); }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// One connection until it is closed, nothing is heard on it, or the server ends.
async fn connection(stream: TcpStream, router: Router, stop: CancellationToken) {
    // Small answers must not wait for the next acknowledgement; a socket that refuses the option still works.
    let _ = stream.set_nodelay(true);
    let heard = Arc::new(AtomicBool::new(false));
    let service = TowerToHyperService::new(router);
    let listening = heard.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        listening.store(true, Ordering::Relaxed);
        service.call(request)
    });
    let protocol = protocol();
    let mut open = pin!(protocol.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = open.as_mut() => ended,
        () = silent(&heard) => return,
        () = stop.cancelled() => {
            open.as_mut().graceful_shutdown();
            tokio::time::timeout(DRAIN_TIME, open).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// Resolves when the first request is too long in coming: hyper's own limit begins after the
/// bytes that tell HTTP/1.1 from HTTP/2.
async fn silent(heard: &AtomicBool) {
    tokio::time::sleep(HEADER_TIME).await;
    if heard.load(Ordering::Relaxed) {
        std::future::pending().await
    }
}

fn protocol() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIME).max_buf_size(MAX_HEADERS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(64)
        .max_header_list_size(64 * 1024)
        .keep_alive_interval(HEADER_TIME);
    builder
}
