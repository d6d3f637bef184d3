//! An event as a request (Knative data plane; CloudEvents HTTP binding 1.0).

use crate::client::{Address, Answer, Host, Pool, SendError};
use crate::failure::ERROR_BODY;
use crate::handshake::REQUEST_ORIGIN;
use broker_core::{DeliveryPolicy, Format, HttpSink};
use bytes::Bytes;
use event::{Event, TraceContext};
use http::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, StatusCode, Uri, response};
use http_body_util::Full;
use std::sync::Arc;
use std::time::Duration;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const KN_NAMESPACE: HeaderName = HeaderName::from_static("kn-namespace");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// A sink that speaks HTTP; what all requests to it have in common is made once.
pub(crate) struct HttpOutlet {
    host: Arc<Host>,
    /// Path and query: what stands in the request line.
    path: Uri,
    authority: HeaderValue,
    namespace: Option<HeaderValue>,
    /// Who we are, for a sink that is asked for its consent.
    origin: Option<HeaderValue>,
    /// Bytes of an answer that is a reply.
    reply_bytes: usize,
    /// For people and `knativeerrordest`.
    pub(crate) address: String,
}

/// One event on its way out.
#[derive(Clone, Copy)]
pub(crate) struct Parcel<'a> {
    pub(crate) event: &'a Event,
    pub(crate) trace: Option<&'a TraceContext>,
    /// Rounds that are left after this one.
    pub(crate) hops: u8,
    pub(crate) policy: &'a DeliveryPolicy,
    /// An answer is wanted: true for the trigger's sink and nobody else.
    pub(crate) ask: bool,
}

impl HttpOutlet {
    pub(crate) fn new(pool: &Arc<Pool>, sink: &HttpSink, namespace: &str, reply_bytes: usize) -> Self {
        let path = sink.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let host = sink.uri.host().unwrap_or_default();
        let authority = match sink.uri.port_u16() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Self {
            host: pool.host(&Address::of(sink)),
            path: path.parse().unwrap_or_default(),
            authority: HeaderValue::try_from(authority).unwrap_or(HeaderValue::from_static("")),
            namespace: HeaderValue::from_str(namespace).ok(),
            origin: None,
            reply_bytes,
            address: sink.uri.to_string(),
        }
    }

    /// The same sink, to be told in each request who sends: all processes of a mesh are one sender to it.
    pub(crate) fn with_origin(self, namespace: &str) -> Self {
        Self { origin: HeaderValue::try_from(format!("{namespace}.sluice")).ok(), ..self }
    }

    /// What a sink is told about the sender.
    pub(crate) fn origin(&self) -> &str {
        self.origin.as_ref().and_then(|origin| origin.to_str().ok()).unwrap_or_default()
    }

    /// Asks whether events may be sent (CloudEvents WebHook 1.0, 4.1).
    pub(crate) async fn options(&self, timeout: Duration) -> Result<Answer, SendError> {
        let request = || {
            let mut headers = HeaderMap::with_capacity(2);
            headers.insert(HOST, self.authority.clone());
            self.put_origin(&mut headers);
            self.to(Method::OPTIONS, headers, Bytes::new())
        };
        self.host.send(request, |_| 0, timeout).await
    }

    /// Sends one request and reads as much of the answer as is of use.
    pub(crate) async fn send(&self, parcel: Parcel<'_>) -> Result<Answer, SendError> {
        let keep = |head: &response::Parts| {
            let reply = parcel.ask && head.status == StatusCode::OK && claims_event(&head.headers);
            if reply { self.reply_bytes } else { ERROR_BODY }
        };
        self.host.send(|| self.request(parcel), keep, parcel.policy.timeout).await
    }

    fn request(&self, parcel: Parcel<'_>) -> Request<Full<Bytes>> {
        let mode = match parcel.policy.format {
            Some(Format::Json) => event::Mode::Structured,
            Some(Format::Binary) => event::Mode::Binary,
            None if self.origin.is_some() && !has_typed_payload(parcel.event) => event::Mode::Structured,
            None => parcel.event.mode(),
        };
        let mut headers = HeaderMap::with_capacity(16);
        headers.insert(HOST, self.authority.clone());
        if parcel.ask {
            headers.insert(PREFER, HeaderValue::from_static("reply"));
        }
        if let Some(namespace) = &self.namespace {
            headers.insert(KN_NAMESPACE, namespace.clone());
        }
        if let Some(trace) = parcel.trace {
            put_trace(trace, &mut headers);
        }
        self.put_origin(&mut headers);
        let body = event::http::encode(parcel.event, mode, &mut headers);
        if body.is_empty() {
            // hyper says nothing then, and there are servers that want to be told (RFC 9110, 8.6).
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        self.to(Method::POST, headers, body)
    }

    fn put_origin(&self, headers: &mut HeaderMap) {
        if let Some(origin) = &self.origin {
            headers.insert(REQUEST_ORIGIN, origin.clone());
        }
    }

    fn to(&self, method: Method, headers: HeaderMap, body: Bytes) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = self.path.clone();
        *request.headers_mut() = headers;
        request
    }
}

/// A webhook's request has a body and says of what type (CloudEvents WebHook 1.0, 2.1); without, an event goes as JSON.
fn has_typed_payload(event: &Event) -> bool {
    !event.data().bytes().is_empty() && event.content_type().is_some()
}

/// True when the answer says that it is an event, valid or not.
pub(crate) fn claims_event(headers: &HeaderMap) -> bool {
    let structured = |v: &HeaderValue| {
        v.as_bytes().get(..22).is_some_and(|v| v.eq_ignore_ascii_case(b"application/cloudevent"))
    };
    headers.get(http::header::CONTENT_TYPE).is_some_and(structured)
        || headers.keys().any(|name| name.as_str().starts_with("ce-"))
}

fn put_trace(trace: &TraceContext, headers: &mut HeaderMap) {
    let Ok(parent) = HeaderValue::from_str(&trace.parent) else { return };
    headers.insert(TRACEPARENT, parent);
    if let Ok(state) = HeaderValue::from_str(&trace.state)
        && !state.is_empty()
    {
        headers.insert(TRACESTATE, state);
    }
}
