//! A sink that does what its script says, byte for byte, and remembers what it was sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// What the sink does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Sends these bytes and keeps the connection.
    Answer(String),
    /// Sends these bytes and closes the connection.
    AnswerAndClose(String),
    /// Sends these bytes when it is told to, and keeps the connection.
    AnswerWhen(Arc<Notify>, String),
    /// Sends nothing, ever.
    Hang,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// `POST /path HTTP/1.1`.
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Which connection it came on, from 0.
    pub(crate) connection: usize,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

type Script = dyn Fn(usize, &Seen) -> Act + Send + Sync;

/// A running sink; it ends when dropped.
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    log: Arc<Log>,
    accepting: JoinHandle<()>,
}

struct Log {
    seen: Mutex<Vec<Seen>>,
    count: watch::Sender<usize>,
    script: Box<Script>,
}

/// An answer with this status line and body, and any further header lines.
pub(crate) fn answer(status: &str, headers: &[&str], body: &str) -> Act {
    let headers: String = headers.iter().map(|h| format!("{h}\r\n")).collect();
    Act::Answer(format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()))
}

pub(crate) fn status(status: &str) -> Act {
    answer(status, &[], "")
}

impl Sink {
    /// Answers the n-th request (from 0) as `script` says.
    pub(crate) async fn start(script: impl Fn(usize, &Seen) -> Act + Send + Sync + 'static) -> Self {
        Self::listen("127.0.0.1:0", None, script).await
    }

    /// Answers everything with 202.
    pub(crate) async fn taking() -> Self {
        Self::start(|_, _| status("202 Accepted")).await
    }

    /// Says something in HTTP before it is asked, and hangs up.
    pub(crate) async fn blurting() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut sink = Self::taking().await;
        sink.address = listener.local_addr().expect("its address");
        sink.accepting.abort();
        sink.accepting = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap_or_default();
            }
        });
        sink
    }

    pub(crate) async fn listen(
        at: &str,
        tls: Option<tokio_rustls::TlsAcceptor>,
        script: impl Fn(usize, &Seen) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(at).await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let log = Log { seen: Mutex::default(), count: watch::Sender::new(0), script: Box::new(script) };
        let log = Arc::new(log);
        let accepting = tokio::spawn(accept(listener, tls, log.clone()));
        Self { address, log, accepting }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/in?a=b", self.address)
    }

    /// What was sent, once there are `n` requests.
    pub(crate) async fn seen(&self, n: usize) -> Vec<Seen> {
        let mut count = self.log.count.subscribe();
        let enough = count.wait_for(|count| *count >= n);
        let waited = tokio::time::timeout(Duration::from_secs(10), enough).await;
        let seen = self.so_far();
        assert!(waited.is_ok(), "waited for {n} requests, saw {}: {seen:#?}", seen.len());
        seen
    }

    pub(crate) fn so_far(&self) -> Vec<Seen> {
        self.log.seen.lock().unwrap().clone()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, tls: Option<tokio_rustls::TlsAcceptor>, log: Arc<Log>) {
    let mut connections = tokio::task::JoinSet::new();
    for connection in 0.. {
        let (stream, _) = listener.accept().await.expect("a connection");
        let (tls, log) = (tls.clone(), log.clone());
        connections.spawn(async move {
            match tls {
                None => serve(stream, connection, &log).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, connection, &log).await;
                    }
                }
            }
        });
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, connection: usize, log: &Log) {
    while let Some(seen) = read(&mut stream, connection).await {
        let n = {
            let mut all = log.seen.lock().unwrap();
            all.push(seen.clone());
            all.len() - 1
        };
        let act = (log.script)(n, &seen);
        log.count.send_modify(|count| *count += 1);
        match act {
            Act::Answer(text) => stream.write_all(text.as_bytes()).await.unwrap_or_default(),
            Act::AnswerAndClose(text) => {
                stream.write_all(text.as_bytes()).await.unwrap_or_default();
                stream.shutdown().await.unwrap_or_default();
                return;
            }
            Act::AnswerWhen(told, text) => {
                told.notified().await;
                stream.write_all(text.as_bytes()).await.unwrap_or_default();
            }
            Act::Hang => std::future::pending().await,
        }
    }
}

/// One request with a `content-length`, which is what the dispatcher sends.
async fn read(stream: &mut (impl AsyncRead + Unpin), connection: usize) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).expect("a head in ASCII");
    let mut lines = text.trim_end().split("\r\n");
    let line = lines.next()?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|l| l.split_once(": "))
        .map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned()))
        .collect();
    let length = headers.iter().find(|(n, _)| n == "content-length");
    let length: usize = length.map_or(0, |(_, v)| v.parse().expect("a number"));
    while bytes.len() < head + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8_lossy(&bytes[head..]).into_owned();
    Some(Seen { line, headers, body, connection })
}
