//! One request and its answer.

use crate::body::{self, Budget, Collected, Limits};
use crate::metrics::Metrics;
use crate::options::Options;
use crate::pulse::Pulse;
use crate::refusal::Refusal;
use crate::targets::{Target, Targets};
use crate::{address, trace, webhook};
use broker_core::{Arrival, Publisher};
use bytes::Bytes;
use event::Event;
use event::http::Decoded;
use http::header::{CONNECTION, CONTENT_TYPE, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body::Body;
use http_body_util::Full;
use std::sync::Arc;

/// What all connections share.
pub(crate) struct Door {
    pub(crate) publisher: Publisher,
    pub(crate) metrics: Metrics,
    pub(crate) options: Options,
    pub(crate) budget: Budget,
    pub(crate) targets: Targets,
}

/// One connection's side of its requests.
pub(crate) struct Exchange {
    door: Arc<Door>,
    pulse: Arc<Pulse>,
}

/// A refusal and what is known about it.
struct Refused {
    target: Option<Arc<Target>>,
    events: usize,
    refusal: Refusal,
}

impl Exchange {
    pub(crate) fn new(door: Arc<Door>, pulse: Arc<Pulse>) -> Self {
        Self { door, pulse }
    }

    /// Answers one request.
    pub(crate) async fn answer<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let (head, mut body) = request.into_parts();
        let _beat = self.pulse.begin(head.version);
        let mut response = match self.serve(&head, &mut body).await {
            Ok(response) => response,
            Err(refused) => self.refuse(&refused),
        };
        if head.version < Version::HTTP_2 && (has_odd_coding(&head.headers) || !body::at_end(&mut body)) {
            // What is left of the body cannot be told from a next request: hyper closes, so the peer should know.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            self.pulse.leave_unread();
        }
        response
    }

    fn refuse(&self, refused: &Refused) -> Response<Full<Bytes>> {
        let key = refused.target.as_ref().map(|target| &target.key);
        self.door.metrics.refused(key, refused.refusal.reason(), refused.events);
        refused.refusal.response()
    }

    async fn serve<B>(&self, head: &Parts, body: &mut B) -> Result<Response<Full<Bytes>>, Refused>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        if has_odd_coding(&head.headers) {
            return Err(Refused { target: None, events: 1, refusal: Refusal::TransferCoding });
        }
        let target = address::host(head)
            .and_then(|host| {
                self.door.targets.find(head.uri.path(), host, &self.door.publisher, &self.door.metrics)
            })
            .map_err(|refusal| Refused { target: None, events: 1, refusal })?;
        let taken = match head.method {
            Method::POST => self.take(&target, &head.headers, body).await,
            Method::OPTIONS => return Ok(webhook::consent(&head.headers)),
            ref other => Err((1, Refusal::Method(other.clone()))),
        };
        taken.map_err(|(events, refusal)| Refused { target: Some(target), events, refusal })?;
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::ACCEPTED;
        Ok(response)
    }

    /// Reads, decodes and publishes. An error comes with the number of events it concerns.
    async fn take<B>(
        &self,
        target: &Target,
        headers: &HeaderMap,
        body: &mut B,
    ) -> Result<(), (usize, Refusal)>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let limits = Limits::new(&self.door.options, is_batch(headers));
        let body = body::collect(body, limits, &self.door.budget).await.map_err(|r| (1, r))?;
        let events = self.decode(headers, &body).map_err(|r| (1, r))?;
        let count = events.len();
        let arrival = Arrival { hops: None, trace: trace::context(headers) };
        self.door.publisher.publish(&target.key, events, arrival).await.map_err(|e| (count, e.into()))?;
        target.accepted.inc_by(count as u64);
        Ok(())
    }

    fn decode(&self, headers: &HeaderMap, body: &Collected) -> Result<Vec<Event>, Refusal> {
        let max = self.door.options.max_event_size;
        match event::http::decode(headers, body.bytes.clone())? {
            Decoded::One(event) => Ok(vec![event]),
            Decoded::Batch(events) => match events.iter().enumerate().find(|(_, e)| e.size() > max) {
                Some((index, event)) => Err(Refusal::MemberTooLarge { index, size: event.size(), max }),
                None => Ok(events),
            },
        }
    }
}

/// hyper undoes `chunked` and hands on what is below; and who says `chunked` twice may be read in two ways.
fn has_odd_coding(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let plain = |coding: &HeaderValue| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked");
    codings.next().is_some_and(|coding| !plain(coding)) || codings.next().is_some()
}

/// Whether the body may be as large as a batch; what it really is the decoder says.
fn is_batch(headers: &HeaderMap) -> bool {
    const BATCH: &[u8] = b"application/cloudevents-batch";
    let content_type = headers.get(CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    content_type.get(..BATCH.len()).is_some_and(|start| start.eq_ignore_ascii_case(BATCH))
}
