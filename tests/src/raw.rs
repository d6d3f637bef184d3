//! HTTP/1.1 by hand, byte for byte: what a client library would hide or repair.

use crate::wait::{DEADLINE, until};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// A connection, from the side of the one who opened it.
#[derive(Debug)]
pub struct RawClient {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// A request or an answer as it came.
#[derive(Clone, Debug)]
pub struct RawMessage {
    /// The request line or the status line.
    pub line: String,
    /// The headers in their order; names in lower case, values byte for byte.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, with its chunks put together.
    pub body: Vec<u8>,
}

/// A sink that records bytes and answers with bytes.
#[derive(Debug)]
pub struct RawSink {
    address: SocketAddr,
    memory: Arc<Mutex<Memory>>,
    /// Dropped, it ends the listener with all its connections.
    _listening: JoinSet<()>,
}

#[derive(Debug)]
struct Memory {
    received: Vec<RawMessage>,
    script: VecDeque<Vec<u8>>,
    otherwise: Vec<u8>,
}

impl RawClient {
    /// Connects to the host of a URL.
    ///
    /// # Panics
    /// When nobody listens there.
    pub async fn connect(url: &str) -> Self {
        let host = url.trim_start_matches("http://").split('/').next().unwrap_or_default();
        Self { stream: TcpStream::connect(host).await.expect("a connection"), unread: Vec::new() }
    }

    /// Sends bytes; false when the other side has closed.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Sends no more, and still reads.
    pub async fn finish(&mut self) {
        // One that is closed already has heard enough.
        let _ = self.stream.shutdown().await;
    }

    /// The next answer; `None` when the connection ends before it.
    ///
    /// # Panics
    /// When it does not come in time.
    pub async fn answer(&mut self) -> Option<RawMessage> {
        timeout(DEADLINE, read(&mut self.stream, &mut self.unread)).await.expect("an answer in time")
    }

    /// Everything until the other side closes.
    ///
    /// # Panics
    /// When it does not close in time.
    pub async fn rest(&mut self) -> Vec<u8> {
        let mut rest = std::mem::take(&mut self.unread);
        let end = timeout(DEADLINE, self.stream.read_to_end(&mut rest)).await;
        // A reset is an end as well.
        let _ = end.expect("the connection ends");
        rest
    }
}

impl RawMessage {
    /// The status of an answer.
    ///
    /// # Panics
    /// When this is none.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.line.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line")
    }

    /// A header as text; empty when it is not there.
    ///
    /// # Panics
    /// When it is there twice.
    #[must_use]
    pub fn header(&self, name: &str) -> String {
        let mut values = self.headers.iter().filter(|(n, _)| n == name).map(|(_, value)| value);
        let value = values.next().cloned().unwrap_or_default();
        assert!(values.next().is_none(), "`{name}` twice: {self:?}");
        String::from_utf8_lossy(&value).into_owned()
    }

    /// Whether there is such a header.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(n, _)| n == name)
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl RawSink {
    /// A sink that answers 202.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start() -> Self {
        let otherwise = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_vec();
        let memory = Memory { received: Vec::new(), script: VecDeque::new(), otherwise };
        let memory = Arc::new(Mutex::new(memory));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mut listening = JoinSet::new();
        listening.spawn(accept(listener, memory.clone()));
        Self { address, memory, _listening: listening }
    }

    /// Answers with these bytes first, one answer per request. After one that says `Connection: close`, or that
    /// is no whole answer, the connection is closed.
    pub fn first<T: AsRef<[u8]>>(&self, answers: impl IntoIterator<Item = T>) {
        self.lock().script.extend(answers.into_iter().map(|answer| answer.as_ref().to_vec()));
    }

    /// Answers with these bytes from now on.
    pub fn then(&self, answer: impl AsRef<[u8]>) {
        self.lock().otherwise = answer.as_ref().to_vec();
    }

    /// Its address as a manifest says it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// What it got so far.
    #[must_use]
    pub fn received(&self) -> Vec<RawMessage> {
        self.lock().received.clone()
    }

    /// How many requests it got so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().received.len()
    }

    /// Waits until it got at least so many requests.
    ///
    /// # Panics
    /// When they do not come in time.
    pub async fn got(&self, requests: usize) -> Vec<RawMessage> {
        until(&format!("{requests} requests at the sink"), async || self.count() >= requests).await;
        self.received()
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        lock(&self.memory)
    }
}

async fn accept(listener: TcpListener, memory: Arc<Mutex<Memory>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, memory.clone()));
    }
}

async fn serve(mut stream: TcpStream, memory: Arc<Mutex<Memory>>) {
    let mut unread = Vec::new();
    while let Some(request) = read(&mut stream, &mut unread).await {
        let answer = {
            let mut memory = lock(&memory);
            memory.received.push(request);
            memory.script.pop_front().unwrap_or_else(|| memory.otherwise.clone())
        };
        let sent = stream.write_all(&answer).await;
        if sent.is_err() || ends_connection(&answer).await {
            return;
        }
    }
}

/// Whether nothing can follow an answer.
async fn ends_connection(answer: &[u8]) -> bool {
    let whole = read(&mut &answer[..], &mut Vec::new()).await;
    whole.is_none_or(|answer| answer.header("connection").eq_ignore_ascii_case("close"))
}

/// One message with a length, in chunks, or without a body; `None` when it does not come whole.
async fn read(stream: &mut (impl AsyncReadExt + Unpin), unread: &mut Vec<u8>) -> Option<RawMessage> {
    let end = loop {
        if let Some(end) = unread.windows(4).position(|w| w == b"\r\n\r\n") {
            break end + 4;
        }
        more(stream, unread).await?;
    };
    let head: Vec<u8> = unread.drain(..end).collect();
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let line = String::from_utf8_lossy(lines.next()?).into_owned();
    let headers = lines.filter_map(header).collect();
    let mut message = RawMessage { line, headers, body: Vec::new() };
    if message.header("transfer-encoding").eq_ignore_ascii_case("chunked") {
        message.body = chunks(stream, unread).await?;
    } else if let Ok(length) = message.header("content-length").parse() {
        message.body = exactly(stream, unread, length).await?;
    }
    Some(message)
}

fn header(line: &[u8]) -> Option<(String, Vec<u8>)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = String::from_utf8_lossy(&line[..colon]).to_ascii_lowercase();
    Some((name, line[colon + 1..].trim_ascii().to_vec()))
}

async fn chunks(stream: &mut (impl AsyncReadExt + Unpin), unread: &mut Vec<u8>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = unread.windows(2).position(|w| w == b"\r\n") {
                break end;
            }
            more(stream, unread).await?;
        };
        let line: Vec<u8> = unread.drain(..end + 2).collect();
        let length = usize::from_str_radix(std::str::from_utf8(&line).ok()?.trim(), 16).ok()?;
        let chunk = exactly(stream, unread, length + 2).await?;
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(&chunk[..length]);
    }
}

async fn exactly(
    stream: &mut (impl AsyncReadExt + Unpin),
    unread: &mut Vec<u8>,
    length: usize,
) -> Option<Vec<u8>> {
    while unread.len() < length {
        more(stream, unread).await?;
    }
    Some(unread.drain(..length).collect())
}

async fn more(stream: &mut (impl AsyncReadExt + Unpin), unread: &mut Vec<u8>) -> Option<()> {
    match stream.read_buf(unread).await {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(()),
    }
}

fn lock(memory: &Mutex<Memory>) -> MutexGuard<'_, Memory> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}
