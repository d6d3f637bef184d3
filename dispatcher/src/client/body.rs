//! The body of an answer, as far as it is wanted and there is memory for it.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So much more than what is wanted is read and thrown away, to keep the connection.
const DRAIN: usize = 64 * 1024;

/// Bytes of each answer that are not counted: connections are bounded, and so are these.
const UNCOUNTED: usize = 64 * 1024;

/// How many bytes of answers may still come into memory, over all sinks.
#[derive(Debug)]
pub(super) struct Memory {
    left: AtomicUsize,
}

/// A part of that memory, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    memory: Arc<Memory>,
    taken: usize,
}

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
    /// What `bytes` take of the memory for answers; kept as long as they are.
    pub(crate) share: Option<Share>,
}

/// Keeps the first `keep` bytes of `body` and drains a little more.
pub(super) async fn read(mut body: Incoming, keep: usize, memory: &Arc<Memory>) -> Body {
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
        if room > 0 && seen > UNCOUNTED {
            let share = read.share.get_or_insert_with(|| Share { memory: memory.clone(), taken: 0 });
            if !share.grow(room) {
                read.broken = Some("answers fill the memory that there is for them".to_owned());
                read.complete = false;
                break;
            }
        }
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

impl Memory {
    pub(super) fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self { left: AtomicUsize::new(bytes) })
    }
}

impl Share {
    /// False: there is not so much left.
    fn grow(&mut self, bytes: usize) -> bool {
        let left = &self.memory.left;
        let took = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        if took.is_ok() {
            self.taken += bytes;
        }
        took.is_ok()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.memory.left.fetch_add(self.taken, Ordering::Relaxed);
    }
}
