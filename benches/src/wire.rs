//! Just enough HTTP/1.1 for programs that we start ourselves: a head ends at an empty line, a body has a
//! `Content-Length`. The load and the sink must be cheap, or they take the cores from what is measured.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

/// Longest head that is read; ours are a tenth of it.
const HEAD_MAX: usize = 64 * 1024;
/// Bytes asked for at a time.
const CHUNK: usize = 16 * 1024;

/// One connection.
pub(crate) struct Wire {
    stream: Either<TcpStream, Box<TlsStream<TcpStream>>>,
    buffer: Vec<u8>,
    /// End of the message that was given out last.
    taken: usize,
}

/// The head of a request or an answer.
pub(crate) struct Head<'a>(&'a [u8]);

impl Wire {
    /// Connects; by TLS, if there is a connector, to `localhost`.
    pub(crate) async fn connect(address: SocketAddr, tls: Option<&TlsConnector>) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        let Some(tls) = tls else { return Self::new(stream) };
        stream.set_nodelay(true)?;
        let name = "localhost".try_into().expect("`localhost` is a name");
        let stream = Either::Right(Box::new(tls.connect(name, stream).await?));
        Ok(Self { stream, buffer: Vec::with_capacity(CHUNK), taken: 0 })
    }

    pub(crate) fn new(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream: Either::Left(stream), buffer: Vec::with_capacity(CHUNK), taken: 0 })
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// The head of the next message, its body read past; `None` when the other side has closed between two messages.
    pub(crate) async fn receive(&mut self) -> Result<Option<Head<'_>>> {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        let Some(head) = self.fill(find_head).await? else { return Ok(None) };
        let end = head + body_length(&self.buffer[..head])?;
        let whole = self.fill(|buffer| (buffer.len() >= end).then_some(end)).await?;
        self.taken = whole.ok_or(ErrorKind::UnexpectedEof)?;
        Ok(Some(Head(&self.buffer[..head])))
    }

    /// Reads until `enough` has an answer; `None` when the connection ends before the first byte.
    async fn fill(&mut self, enough: impl Fn(&[u8]) -> Option<usize>) -> Result<Option<usize>> {
        loop {
            if let Some(end) = enough(&self.buffer) {
                return Ok(Some(end));
            }
            self.buffer.reserve(CHUNK);
            match self.stream.read_buf(&mut self.buffer).await? {
                0 if self.buffer.is_empty() => return Ok(None),
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                _ => {}
            }
        }
    }
}

impl Head<'_> {
    /// The status of an answer.
    pub(crate) fn status(&self) -> Result<u16> {
        let digits = self.0.get(9..12).and_then(|d| std::str::from_utf8(d).ok());
        digits
            .and_then(|d| d.parse().ok())
            .ok_or_else(|| Error::new(ErrorKind::InvalidData, "no status line"))
    }

    /// True when it is a request to this path.
    pub(crate) fn is_to(&self, path: &str) -> bool {
        self.0.strip_prefix(b"POST ").is_some_and(|rest| rest.starts_with(path.as_bytes()))
    }

    /// The value of a header, as a number.
    pub(crate) fn number(&self, name: &[u8]) -> Option<u64> {
        header(self.0, name)
    }
}

fn find_head(buffer: &[u8]) -> Option<usize> {
    let searched = &buffer[..buffer.len().min(HEAD_MAX)];
    searched.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

fn body_length(head: &[u8]) -> Result<usize> {
    match header(head, b"content-length") {
        Some(length) => Ok(length as usize),
        None if find(head, b"transfer-encoding").is_none() => Ok(0),
        None => Err(Error::new(ErrorKind::Unsupported, "a body without a Content-Length")),
    }
}

fn header(head: &[u8], name: &[u8]) -> Option<u64> {
    std::str::from_utf8(find(head, name)?).ok()?.trim().parse().ok()
}

fn find<'a>(head: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    head.split(|&b| b == b'\n').find_map(|line| {
        let value = line.get(name.len()..)?.strip_prefix(b":")?;
        line[..name.len()].eq_ignore_ascii_case(name).then_some(value)
    })
}
