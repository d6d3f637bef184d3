//! Reading `/tail`.

use super::{Client, ClientError};
use crate::TailLine;
use bytes::BytesMut;
use http_body_util::BodyExt;
use hyper::body::Incoming;

/// A line of `/tail` is one event, whose size the server bounds; this is against nonsense.
const MAX_LINE: usize = 256 * 1024 * 1024;

/// A stream of events as they are accepted.
#[derive(Debug)]
pub struct Tail {
    client: Client,
    body: Incoming,
    buffer: BytesMut,
}

impl Tail {
    pub(super) fn new(client: Client, body: Incoming) -> Self {
        Self { client, body, buffer: BytesMut::new() }
    }

    /// The next line; `None` when the server ended the stream.
    ///
    /// # Errors
    /// When the connection breaks or a line is not understood.
    pub async fn next(&mut self) -> Result<Option<TailLine>, ClientError> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line = self.buffer.split_to(end + 1);
                return TailLine::parse(&line).map(Some).map_err(|e| self.client.nonsense(&e.to_string()));
            }
            if self.buffer.len() > MAX_LINE {
                return Err(self.client.nonsense("a line does not end"));
            }
            match self.body.frame().await {
                Some(Ok(frame)) => self.buffer.extend(frame.into_data().unwrap_or_default()),
                Some(Err(error)) => return Err(self.client.unreachable(&error)),
                None => return Ok(None),
            }
        }
    }
}
