//! The body of an answer, as far as it is wanted.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};

/// So much more than what is wanted is read and thrown away, to keep the connection.
const DRAIN: usize = 64 * 1024;

/// What was read of a body.
#[derive(Debug, Default)]
pub(crate) struct Body {
    /// Its first bytes, as many as were wanted.
    pub(crate) bytes: Bytes,
    /// It is longer than `bytes`.
    pub(crate) cut: bool,
    /// It ended before it was complete, and why.
    pub(crate) broken: Option<String>,
    /// It was read to its end: the connection can be used again.
    pub(super) complete: bool,
}

/// Keeps the first `keep` bytes of `body` and drains a little more.
pub(super) async fn read(mut body: Incoming, keep: usize) -> Body {
    let mut read = Body { complete: true, ..Body::default() };
    if body.is_end_stream() {
        return read;
    }
    let mut joined = BytesMut::new();
    let mut seen = 0;
    while let Some(frame) = body.frame().await {
        let data = match frame.map(hyper::body::Frame::into_data) {
            Ok(Ok(data)) => data,
            Ok(Err(_trailers)) => continue,
            Err(error) => {
                read.broken = Some(error.to_string());
                read.complete = false;
                break;
            }
        };
        let room = keep.saturating_sub(seen).min(data.len());
        seen += data.len();
        if read.bytes.is_empty() && joined.is_empty() {
            read.bytes = data.slice(..room);
        } else {
            joined.reserve(read.bytes.len() + room);
            joined.extend_from_slice(&std::mem::take(&mut read.bytes));
            joined.extend_from_slice(&data[..room]);
        }
        if seen > keep.saturating_add(DRAIN) {
            read.complete = false;
            break;
        }
    }
    if !joined.is_empty() {
        read.bytes = joined.freeze();
    }
    read.cut = seen > keep;
    read
}
