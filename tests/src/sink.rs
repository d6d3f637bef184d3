//! A sink that does what the story says.

use crate::wait::until;
use crate::{Authority, DEADLINE, Identity, Message};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

/// Listens on a port of its own, remembers what it gets, answers by its script.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    tls: Option<Tls>,
    memory: Arc<Mutex<Memory>>,
    /// Dropped, it ends the listener with all its connections.
    listening: Option<JoinSet<()>>,
}

#[derive(Clone)]
struct Tls(TlsAcceptor);

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

#[derive(Debug)]
struct Memory {
    received: Vec<Received>,
    script: VecDeque<Reaction>,
    otherwise: Reaction,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its path.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// When it was here whole.
    pub at: Instant,
}

/// What a sink does with a request.
#[derive(Clone, Debug)]
pub enum Reaction {
    /// Answers with this status.
    Status(u16),
    /// Answers 200 after this time.
    Slow(Duration),
    /// Answers 503 and asks to come again after so many seconds.
    RetryAfter(u64),
    /// Answers 200 with an event.
    Reply(Message),
    /// Answers 200 with the event that it got, under the same id.
    Echo,
    /// Answers 200 with the event it got and this behind its payload.
    Mark(&'static str),
    /// Never answers.
    Hang,
    /// Closes the connection instead of answering.
    BreakOff,
}

impl Sink {
    /// A sink that answers 200.
    pub async fn start() -> Self {
        Self::reacting(Reaction::Status(200)).await
    }

    /// A sink that always does the same, until it is told otherwise.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn reacting(reaction: Reaction) -> Self {
        Self::speaking(reaction, None).await
    }

    /// A sink that speaks HTTPS, answers 200, and with `clients` wants a certificate of that authority.
    pub async fn secure(identity: &Identity, clients: Option<&Authority>) -> Self {
        Self::speaking(Reaction::Status(200), Some(Tls(identity.acceptor(clients)))).await
    }

    async fn speaking(reaction: Reaction, tls: Option<Tls>) -> Self {
        let memory = Memory { received: Vec::new(), script: VecDeque::new(), otherwise: reaction };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mut sink = Self { address, tls, memory: Arc::new(Mutex::new(memory)), listening: None };
        sink.listen(listener);
        sink
    }

    /// Does these things first, one per request.
    pub fn first(&self, script: impl IntoIterator<Item = Reaction>) {
        self.lock().script.extend(script);
    }

    /// Does this from now on.
    pub fn then(&self, reaction: Reaction) {
        self.lock().otherwise = reaction;
    }

    /// Stops listening and closes all connections.
    pub async fn stop(&mut self) {
        if let Some(mut listening) = self.listening.take() {
            listening.shutdown().await;
        }
    }

    /// Listens again on the same port.
    ///
    /// # Panics
    /// When somebody else took it meanwhile.
    pub async fn resume(&mut self) {
        let listener = TcpListener::bind(self.address).await.expect("the port is still free");
        self.listen(listener);
    }

    /// Its address as a manifest says it.
    #[must_use]
    pub fn url(&self) -> String {
        match self.tls {
            None => format!("http://{}/", self.address),
            Some(_) => format!("https://localhost:{}/", self.address.port()),
        }
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What it got so far.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.lock().received.clone()
    }

    /// How many requests it got so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().received.len()
    }

    /// The ids of the events it got so far.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        self.lock().received.iter().map(|received| received.header("ce-id").to_owned()).collect()
    }

    /// Waits until it got at least so many requests.
    ///
    /// # Panics
    /// When they do not come in time.
    pub async fn got(&self, requests: usize) -> Vec<Received> {
        until(&format!("{requests} requests at the sink"), async || self.count() >= requests).await;
        self.received()
    }

    fn listen(&mut self, listener: TcpListener) {
        let (memory, tls) = (self.memory.clone(), self.tls.clone());
        let mut listening = JoinSet::new();
        listening.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (memory, tls) = (memory.clone(), tls.clone());
                connections.spawn(async move {
                    match tls {
                        None => serve(stream, memory).await,
                        // Who does not come through the handshake was not here.
                        Some(tls) => {
                            if let Ok(stream) = tls.0.accept(stream).await {
                                serve(stream, memory).await;
                            }
                        }
                    }
                });
            }
        });
        self.listening = Some(listening);
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        lock(&self.memory)
    }
}

impl Received {
    /// A header as text; empty when it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, memory: Arc<Mutex<Memory>>) {
    let service = service_fn(|request| react(request, &memory));
    // A connection that breaks off is the broker's business.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn react(request: Request<Incoming>, memory: &Mutex<Memory>) -> io::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let received =
        Received { path: head.uri.path().to_owned(), headers: head.headers, body, at: Instant::now() };
    let echo = received.clone();
    let reaction = {
        let mut memory = lock(memory);
        memory.received.push(received);
        memory.script.pop_front().unwrap_or_else(|| memory.otherwise.clone())
    };
    let mut response = Response::new(Full::default());
    match reaction {
        Reaction::Status(status) => set_status(&mut response, status),
        Reaction::Slow(time) => tokio::time::sleep(time).await,
        Reaction::RetryAfter(seconds) => {
            set_status(&mut response, 503);
            response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
        }
        Reaction::Reply(message) => {
            *response.headers_mut() = message.headers;
            *response.body_mut() = Full::new(message.body);
        }
        Reaction::Echo => send_back(&mut response, echo, ""),
        Reaction::Mark(mark) => send_back(&mut response, echo, mark),
        Reaction::Hang => tokio::time::sleep(DEADLINE * 10).await,
        Reaction::BreakOff => return Err(io::Error::other("the story says so")),
    }
    Ok(response)
}

fn send_back(response: &mut Response<Full<Bytes>>, received: Received, mark: &str) {
    let of_event = |name: &str| name.starts_with("ce-") || name == "content-type";
    let headers = received.headers.into_iter().filter_map(|(name, value)| Some((name?, value)));
    response.headers_mut().extend(headers.filter(|(name, _)| of_event(name.as_str())));
    *response.body_mut() = Full::new([&received.body, mark.as_bytes()].concat().into());
}

fn set_status(response: &mut Response<Full<Bytes>>, status: u16) {
    *response.status_mut() = http::StatusCode::from_u16(status).expect("a status");
}

fn lock(memory: &Mutex<Memory>) -> MutexGuard<'_, Memory> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}
