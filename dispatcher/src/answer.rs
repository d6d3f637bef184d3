//! What a sink's answer means.

use crate::client::Answer;
use crate::failure::{Class, Failure, Remedy};
use crate::request::claims_event;
use event::Event;
use event::http::Decoded;
use http::StatusCode;

/// What a successful answer carries.
#[derive(Debug, PartialEq)]
pub(crate) enum Reply {
    /// Nothing.
    Empty,
    /// Something that is no reply: no event, or an event in anything but a 200.
    Ignored,
    /// Events to hand on: only in a 200.
    Events(Vec<Event>),
}

/// Reads the reply out of a 2xx answer (`interface.md` section 3).
///
/// # Errors
/// A 200 whose body broke off, or that claims to be an event and is none: the attempt failed.
pub(crate) fn reply(answer: &mut Answer) -> Result<Reply, Failure> {
    if answer.status != StatusCode::OK {
        return Ok(if answer.body.bytes.is_empty() { Reply::Empty } else { Reply::Ignored });
    }
    if let Some(why) = &answer.body.broken {
        let reason = format!("the sink answered 200 OK but its body broke off: {why}");
        return Err(Failure::new(Remedy::Retry, Class::Broken, reason).answered(answer));
    }
    if !claims_event(&answer.headers) {
        return Ok(if answer.body.bytes.is_empty() { Reply::Empty } else { Reply::Ignored });
    }
    if answer.body.cut {
        let reason =
            format!("the sink replied with more than {} bytes (`--max-event-size`)", answer.body.bytes.len());
        return Err(Failure::new(Remedy::None, Class::Success, reason).answered(answer));
    }
    match event::http::decode_reply(&answer.headers, answer.body.bytes.clone()) {
        Ok(None) => Ok(Reply::Ignored),
        Ok(Some(Decoded::One(event))) => Ok(Reply::Events(vec![event])),
        Ok(Some(Decoded::Batch(events))) => Ok(Reply::Events(events)),
        Err(error) => {
            let reason = format!("the sink answered 200 OK with an invalid event: {error}");
            Err(Failure::new(Remedy::Retry, Class::Success, reason).answered(answer))
        }
    }
}
