//! Dead letters as the API shows them.

use axum::body::Body;
use broker_core::DeadLetter;
use bytes::Bytes;
use futures::stream;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::convert::Infallible;

/// A dead letter as the API shows it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterView {
    /// The entry's id.
    pub id: String,
    /// Whose it is: `NS/NAME` of a Trigger, `subscriptions/NS/NAME` of a Subscription, `sequences/NS/NAME/step-1` of a
    /// step.
    pub trigger: String,
    /// The event in the JSON event format, payload byte for byte.
    pub event: Box<RawValue>,
    /// Why it is here.
    pub reason: String,
    /// Attempts in all, redrives included.
    pub attempts: u32,
    /// Status of the last answer; `null` when nobody answered.
    pub last_status: Option<u16>,
    /// Body of the last answer, cut, invalid UTF-8 replaced.
    pub last_body: String,
    /// When it came here first, RFC 3339.
    pub first_time: String,
    /// When it failed last, RFC 3339.
    pub last_time: String,
}

impl From<&DeadLetter> for DeadLetterView {
    fn from(letter: &DeadLetter) -> Self {
        Self {
            id: letter.id.clone(),
            trigger: letter.group.to_string(),
            event: event_json(&letter.record.event),
            reason: letter.reason.clone(),
            attempts: letter.attempts,
            last_status: letter.last_status,
            last_body: String::from_utf8_lossy(&letter.last_body).into_owned(),
            first_time: letter.first_time.to_string(),
            last_time: letter.last_time.to_string(),
        }
    }
}

/// The event in the JSON event format.
pub(crate) fn event_json(event: &event::Event) -> Box<RawValue> {
    let mut json = Vec::with_capacity(event.size() + 64);
    event::json::encode(event, &mut json);
    let text = String::from_utf8(json).expect("the JSON event format is UTF-8");
    RawValue::from_string(text).expect("an event is written as one JSON object")
}

/// The entries that a redrive or purge was about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// Their ids.
    pub ids: Vec<String>,
}

/// Writes one element at a time: the text of all of them is never in memory at once.
pub(super) fn stream_array(letters: Vec<DeadLetter>) -> Body {
    let elements = letters.into_iter().enumerate().map(|(index, letter)| {
        let mut chunk = if index == 0 { Vec::new() } else { b",\n".to_vec() };
        serde_json::to_writer(&mut chunk, &DeadLetterView::from(&letter)).expect("a view is plain data");
        Bytes::from(chunk)
    });
    let open = std::iter::once(Bytes::from_static(b"["));
    let close = std::iter::once(Bytes::from_static(b"]\n"));
    Body::from_stream(stream::iter(open.chain(elements).chain(close).map(Ok::<_, Infallible>)))
}
