//! Sends events on, over one connection held by hand.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{HOST, HeaderValue};
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// What came in and goes out: nothing is parsed.
pub(super) struct Event {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

pub(super) struct Forward {
    connection: SendRequest<Full<Bytes>>,
    host: HeaderValue,
}

impl Forward {
    pub(super) async fn connect(sink: SocketAddr) -> Result<Self, crate::Error> {
        let stream = TcpStream::connect(sink).await?;
        stream.set_nodelay(true)?;
        let (connection, driver) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(driver);
        Ok(Self { connection, host: HeaderValue::from_str(&sink.to_string())? })
    }

    pub(super) async fn send(&mut self, event: Event) -> Result<StatusCode, crate::Error> {
        let mut request = Request::post("/").body(Full::new(event.body))?;
        *request.headers_mut() = event.headers;
        request.headers_mut().insert(HOST, self.host.clone());
        self.connection.ready().await?;
        let answer = self.connection.send_request(request).await?;
        let status = answer.status();
        answer.into_body().collect().await?;
        Ok(status)
    }
}
