//! The other end of the admin API, for the commands.

mod connector;
mod error;
mod tail;

use crate::selector::percent_encode;
use crate::{DeadLetterView, Explanation, ProblemDetails, Selector, Touched};
use bytes::Bytes;
use crds::Problem;
use event::{Event, Mode};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

pub use connector::{Connector, connector, reason};
pub use error::ClientError;
pub use tail::Tail;

/// Speaks to one server's admin listener. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    http: legacy::Client<Connector, Full<Bytes>>,
    server: String,
    token: Option<HeaderValue>,
}

/// For the headers of an answer; a redrive of very many takes its time.
const ANSWER_TIME: Duration = Duration::from_secs(120);
impl Client {
    /// A client of the server at `server` (`http://HOST:PORT`; `https` where something before it speaks TLS, with
    /// the system's roots and those of `ca_bundle`).
    ///
    /// # Errors
    /// When the address or the token cannot be sent in a request, or the bundle holds no roots.
    pub fn new(server: &str, token: Option<&str>, ca_bundle: Option<&[u8]>) -> Result<Self, ClientError> {
        let bad = |detail| ClientError::Address { server: server.to_owned(), detail };
        let uri: Uri = server.parse().map_err(|_| bad("expected `http://HOST:PORT`"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.authority().is_none() {
            return Err(bad("expected `http://HOST:PORT`"));
        }
        let token = token
            .map(|token| HeaderValue::try_from(format!("Bearer {token}")))
            .transpose()
            .map_err(|_| bad("its token holds characters that no header may hold"))?;
        let connector = connector(uri.scheme_str() == Some("https"), ca_bundle)?;
        let http = legacy::Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { http, server: server.trim_end_matches('/').to_owned(), token })
    }

    /// The declared objects with their status, as Kubernetes would show them.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn objects(&self) -> Result<Vec<Value>, ClientError> {
        let mut list: Value = self.call(Method::GET, "/objects").await?;
        match list["items"].take() {
            Value::Array(items) => Ok(items),
            _ => Err(self.nonsense("a list of objects has no `items`")),
        }
    }

    /// What is wrong with the manifests.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn problems(&self) -> Result<Vec<Problem>, ClientError> {
        self.call(Method::GET, "/problems").await
    }

    /// The dead letters that the selector means; none given: all, up to its limit or 1000.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn dead_letters(&self, selector: &Selector) -> Result<Vec<DeadLetterView>, ClientError> {
        self.call(Method::GET, &format!("/dead-letters{}", selector.to_query())).await
    }

    /// One dead letter.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn dead_letter(&self, id: &str) -> Result<DeadLetterView, ClientError> {
        let mut path = "/dead-letters/".to_owned();
        percent_encode(id, &mut path);
        self.call(Method::GET, &path).await
    }

    /// Sends dead letters to their trigger again.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn redrive(&self, selector: &Selector) -> Result<Touched, ClientError> {
        self.call(Method::POST, &format!("/dead-letters/redrive{}", selector.to_query())).await
    }

    /// Deletes dead letters.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn purge(&self, selector: &Selector) -> Result<Touched, ClientError> {
        self.call(Method::DELETE, &format!("/dead-letters{}", selector.to_query())).await
    }

    /// What each trigger of a broker (`NS/NAME`), or of all, says to the event.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn explain(
        &self,
        broker: Option<&str>,
        event: &Event,
    ) -> Result<Vec<Explanation>, ClientError> {
        let path = format!("/explain{}", query(&[("broker", broker)]));
        let mut headers = HeaderMap::new();
        let body = event::http::encode(event, Mode::Structured, &mut headers);
        let answer = self.send(Method::POST, &path, headers, body).await?;
        self.read(answer).await
    }

    /// Events as they are accepted, at one target (`NS/NAME`) or all, of types with a prefix or all.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn tail(&self, target: Option<&str>, type_prefix: Option<&str>) -> Result<Tail, ClientError> {
        let path = format!("/tail{}", query(&[("target", target), ("type", type_prefix)]));
        let answer = self.send(Method::GET, &path, HeaderMap::new(), Bytes::new()).await?;
        Ok(Tail::new(self.clone(), answer.into_body()))
    }

    async fn call<T: DeserializeOwned>(&self, method: Method, path: &str) -> Result<T, ClientError> {
        let answer = self.send(method, path, HeaderMap::new(), Bytes::new()).await?;
        self.read(answer).await
    }

    /// The answer, once it is a success.
    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response<Incoming>, ClientError> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = format!("{}/api/v1{path}", self.server).parse().map_err(|_| {
            ClientError::Address { server: self.server.clone(), detail: "it has a strange path" }
        })?;
        *request.headers_mut() = headers;
        if let Some(token) = &self.token {
            request.headers_mut().insert(header::AUTHORIZATION, token.clone());
        }
        let answer = match tokio::time::timeout(ANSWER_TIME, self.http.request(request)).await {
            Ok(answer) => answer.map_err(|error| self.unreachable(&error))?,
            Err(_) => return Err(self.gone("it takes the request and does not answer")),
        };
        if answer.status().is_success() { Ok(answer) } else { Err(self.refusal(answer).await) }
    }

    async fn read<T: DeserializeOwned>(&self, answer: Response<Incoming>) -> Result<T, ClientError> {
        let body = answer.into_body().collect().await.map_err(|error| self.unreachable(&error))?;
        serde_json::from_slice(&body.to_bytes()).map_err(|error| self.nonsense(&error.to_string()))
    }

    async fn refusal(&self, answer: Response<Incoming>) -> ClientError {
        let status = answer.status();
        match self.read::<ProblemDetails>(answer).await {
            Ok(problem) => ClientError::Refused(problem),
            Err(ClientError::Nonsense { .. }) => self.nonsense(&format!("status {status}")),
            Err(other) => other,
        }
    }

    fn unreachable(&self, error: &(dyn std::error::Error + 'static)) -> ClientError {
        self.gone(&reason(error))
    }

    fn gone(&self, detail: &str) -> ClientError {
        ClientError::Unreachable { server: self.server.clone(), detail: detail.to_owned() }
    }

    fn nonsense(&self, detail: &str) -> ClientError {
        ClientError::Nonsense { server: self.server.clone(), detail: detail.to_owned() }
    }
}

/// The query string of the parameters that are there.
fn query(parameters: &[(&str, Option<&str>)]) -> String {
    let mut query = String::new();
    for (name, value) in parameters.iter().filter_map(|(name, value)| Some((name, (*value)?))) {
        query.push(if query.is_empty() { '?' } else { '&' });
        query.push_str(name);
        query.push('=');
        percent_encode(value, &mut query);
    }
    query
}
