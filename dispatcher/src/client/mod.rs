//! HTTP/1.1 to sinks, over connections that are kept.
//!
//! A connection has no task of its own: whoever sends a request on it also reads and writes it, and an idle
//! one is only memory. That is cheaper than a spawned task per connection (no wake-up from task to task), and
//! a request that is given up takes its connection with it. Redirects are not followed, proxies not used, and
//! HTTP/1.1 is all that is spoken: every sink knows it, and one slow answer never blocks another one.

mod body;
mod host;
mod line;
mod tls;

pub(crate) use body::{Body, Share};
pub(crate) use host::{Address, Host};
pub use tls::CaBundleError;
pub(crate) use tls::Trust;

use crate::lock;
use body::Memory;
use http::{HeaderMap, StatusCode};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bounds of all outgoing connections of one dispatcher.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Open connections in all, idle ones included.
    pub(crate) open: usize,
    /// Requests at the same time to one host.
    pub(crate) per_host: usize,
    /// Connections kept idle for one host.
    pub(crate) idle_per_host: usize,
    /// An idle connection is closed after this.
    pub(crate) idle: Duration,
    /// Limit of name look-up and TCP connect together.
    pub(crate) connect: Duration,
    /// Bytes of answers that are being read or handed on, those below 64 KiB not counted.
    pub(crate) memory: usize,
}

/// Every host that a sink lives on. A host goes when the last trigger that names it goes.
pub(crate) struct Pool {
    hosts: Mutex<HashMap<Address, Weak<Host>>>,
    trust: Trust,
    bounds: Bounds,
    open: Arc<Semaphore>,
    memory: Arc<Memory>,
    /// How many requests wait for a place among the open connections.
    waiting: AtomicUsize,
}

/// What a sink said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SendError {
    /// Nobody answered at all: unknown host, refused, no route, connect timeout.
    #[error("{0}")]
    Unreachable(String),
    /// Connected, but the answer was not complete in time.
    #[error("no complete answer within {0:?}")]
    Timeout(Duration),
    /// No connection became free in time; nothing was sent.
    #[error("every connection to the host stayed busy")]
    Busy,
    /// No secure connection.
    #[error("{0}")]
    Tls(String),
    /// The connection ended, or said something that is not HTTP, before the head of the answer was complete.
    #[error("the connection broke before an answer: {0}")]
    Broken(String),
}

impl Pool {
    pub(crate) fn new(trust: Trust, bounds: Bounds) -> Arc<Self> {
        let open = Arc::new(Semaphore::new(bounds.open));
        let (memory, waiting) = (Memory::new(bounds.memory), AtomicUsize::new(0));
        Arc::new(Self { hosts: Mutex::default(), trust, bounds, open, memory, waiting })
    }

    /// The host at `address`, shared by all triggers that name it with the same roots.
    pub(crate) fn host(self: &Arc<Self>, address: &Address) -> Arc<Host> {
        let mut hosts = lock(&self.hosts);
        if let Some(host) = hosts.get(address).and_then(Weak::upgrade) {
            return host;
        }
        hosts.retain(|_, host| host.strong_count() > 0);
        let host = Arc::new(Host::new(self.clone(), address.clone()));
        hosts.insert(address.clone(), Arc::downgrade(&host));
        host
    }

    /// Closes connections that have been idle for too long, or that the other side has closed.
    pub(crate) fn sweep(&self) {
        for host in self.all() {
            host.sweep();
        }
    }

    /// A place among the open connections; idle ones make room, and none is kept while somebody waits.
    async fn room(&self) -> OwnedSemaphorePermit {
        if let Ok(open) = self.open.clone().try_acquire_owned() {
            return open;
        }
        let _waiting = Waiting::begin(&self.waiting);
        for host in self.all() {
            host.close_idle();
        }
        self.open.clone().acquire_owned().await.expect("the bound is never closed")
    }

    fn is_crowded(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    fn all(&self) -> Vec<Arc<Host>> {
        lock(&self.hosts).values().filter_map(Weak::upgrade).collect()
    }
}

/// Counts somebody as waiting until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use broker_core::HttpSink;
    use bytes::Bytes;
    use http::Request;
    use http_body_util::Full;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    const LONG: Duration = Duration::from_secs(10);

    fn pool(open: usize, per_host: usize, idle: Duration) -> Arc<Pool> {
        let bounds = Bounds { open, per_host, idle_per_host: 8, idle, connect: LONG, memory: 200 * 1024 };
        Pool::new(Trust::new(None).unwrap(), bounds)
    }

    async fn listen() -> (TcpListener, Address) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        (listener, Address::of(&HttpSink { uri, ca_certs: None, client_certificate: None }))
    }

    async fn send(host: &Host, timeout: Duration) -> Result<Answer, SendError> {
        host.send(|| Request::post("/").body(Full::<Bytes>::default()).unwrap(), |_| 0, timeout).await
    }

    async fn take(listener: &TcpListener) -> TcpStream {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        assert_ne!(stream.read(&mut request).await.unwrap(), 0);
        stream
    }

    async fn answer(listener: &TcpListener) -> TcpStream {
        let mut stream = take(listener).await;
        stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        stream
    }

    async fn is_closed(mut stream: TcpStream) -> bool {
        matches!(tokio::time::timeout(LONG, stream.read(&mut [0])).await, Ok(Ok(0)))
    }

    #[tokio::test]
    async fn a_host_gets_no_more_than_its_requests_and_those_that_wait_too_long_were_not_sent() {
        let (listener, address) = listen().await;
        let host = pool(8, 1, LONG).host(&address);
        let (first, (second, stream)) = tokio::join!(send(&host, LONG), async {
            let mut stream = take(&listener).await;
            let second = send(&host, Duration::from_millis(20)).await;
            stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            (second, stream)
        });
        assert_eq!(first.unwrap().status, 202);
        assert_eq!(second.unwrap_err(), SendError::Busy);
        drop(stream);
    }

    #[tokio::test]
    async fn an_idle_connection_makes_room_for_another_host() {
        let ((one, one_at), (two, two_at)) = (listen().await, listen().await);
        let pool = pool(1, 8, LONG);
        let (host, other) = (pool.host(&one_at), pool.host(&two_at));
        let (sent, idle) = tokio::join!(send(&host, LONG), answer(&one));
        sent.unwrap();
        let (sent, _stream) = tokio::join!(send(&other, LONG), answer(&two));
        assert_eq!(sent.unwrap().status, 202);
        assert!(is_closed(idle).await);
    }

    #[tokio::test]
    async fn a_connection_is_not_kept_while_somebody_waits_for_its_place() {
        let ((one, one_at), (two, two_at)) = (listen().await, listen().await);
        let pool = pool(1, 8, LONG);
        let (host, other) = (pool.host(&one_at), pool.host(&two_at));
        let (first, second, _streams) = tokio::join!(send(&host, LONG), send(&other, LONG), async {
            tokio::join!(answer(&one), answer(&two))
        });
        assert_eq!(
            (first.unwrap().status, second.unwrap().status),
            (StatusCode::ACCEPTED, StatusCode::ACCEPTED)
        );
    }

    /// The runtime has heard of the end before the request is written: it must not stay behind in the dead connection.
    #[tokio::test]
    async fn a_kept_connection_that_was_closed_is_replaced_at_once() {
        let (listener, address) = listen().await;
        let host = pool(8, 8, LONG).host(&address);
        let (sent, stream) = tokio::join!(send(&host, LONG), answer(&listener));
        sent.unwrap();
        drop(stream);
        let news = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        let again = async { tokio::join!(send(&host, LONG), answer(&listener)) };
        let (sent, _stream) = tokio::time::timeout(LONG, again).await.expect("a second connection");
        assert_eq!(sent.unwrap().status, 202);
        drop(news);
    }

    #[tokio::test]
    async fn an_old_idle_connection_is_swept() {
        let (listener, address) = listen().await;
        let pool = pool(8, 8, Duration::ZERO);
        let host = pool.host(&address);
        let (sent, stream) = tokio::join!(send(&host, LONG), answer(&listener));
        sent.unwrap();
        pool.sweep();
        assert!(is_closed(stream).await);
    }

    /// Sinks answer with what they like, all at the same time.
    #[tokio::test]
    async fn large_answers_share_the_memory_and_give_it_back() {
        let (listener, address) = listen().await;
        let host = pool(8, 8, LONG).host(&address);
        let ask = async |size: usize| {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {size}\r\n\r\n");
            let request = || Request::post("/").body(Full::<Bytes>::default()).unwrap();
            let (answer, _stream) = tokio::join!(host.send(request, |_| 1024 * 1024, LONG), async {
                let mut stream = take(&listener).await;
                // It may be hung up on before the end.
                let _ = stream.write_all(&[head.into_bytes(), vec![b'x'; size]].concat()).await;
                stream
            });
            answer.unwrap().body
        };
        let first = ask(200 * 1024).await;
        assert_eq!((first.bytes.len(), &first.broken), (200 * 1024, &None));
        let second = ask(200 * 1024).await;
        assert!(second.broken.is_some_and(|why| why.contains("memory")));
        assert_eq!(ask(1000).await.broken, None, "small ones need none");
        drop((first, second.share));
        assert_eq!(ask(200 * 1024).await.broken, None);
    }

    #[tokio::test]
    async fn a_host_that_nobody_names_is_forgotten() {
        let (_, address) = listen().await;
        let pool = pool(8, 8, LONG);
        let host = pool.host(&address);
        assert!(Arc::ptr_eq(&host, &pool.host(&address)));
        drop(host);
        assert!(pool.all().is_empty());
    }
}
