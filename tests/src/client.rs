//! A plain HTTP client.

use crate::Message;
use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

/// Keeps connections between requests. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    inner: legacy::Client<HttpConnector, Full<Bytes>>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Default for Client {
    fn default() -> Self {
        Self { inner: legacy::Client::builder(TokioExecutor::new()).build_http() }
    }
}

impl Client {
    /// Posts a message; `None` when there was no whole answer.
    pub async fn post(&self, url: &str, message: Message) -> Option<Answer> {
        self.ask(Method::POST, url, message.headers, message.body).await
    }

    /// Gets a page; `None` when there was no whole answer.
    pub async fn get(&self, url: &str) -> Option<Answer> {
        self.ask(Method::GET, url, HeaderMap::new(), Bytes::new()).await
    }

    async fn ask(&self, method: Method, url: &str, headers: HeaderMap, body: Bytes) -> Option<Answer> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = url.parse().ok()?;
        *request.headers_mut() = headers;
        let (head, body) = self.inner.request(request).await.ok()?.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        Some(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }
}

impl Answer {
    /// A header as text; empty when it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}
