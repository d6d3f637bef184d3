//! Reads a body within its limits.

use crate::options::Options;
use crate::refusal::Refusal;
use bytes::{Bytes, BytesMut};
use futures::FutureExt;
use http_body::Body;
use http_body_util::BodyExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How many bytes of bodies may still come into memory, over all connections. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    left: Arc<AtomicUsize>,
}

/// What one body may do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    batch: bool,
    size: usize,
    pause: Duration,
}

/// A body that was read. It holds its part of the budget until it is dropped.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) bytes: Bytes,
    _share: Option<Share>,
}

/// A part of the budget.
#[derive(Debug)]
struct Share {
    budget: Budget,
    taken: usize,
}

/// Reads a body to its end. One that comes in one piece is passed on as it lies in the read buffer.
pub(crate) async fn collect<B>(body: &mut B, limits: Limits, budget: &Budget) -> Result<Collected, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    if body.size_hint().lower() > limits.size as u64 {
        return Err(limits.too_large());
    }
    let first = next(body, limits).await?.unwrap_or_default();
    if body.is_end_stream() {
        limits.check(first.len())?;
        return Ok(Collected { bytes: first, _share: None });
    }
    let mut share = Share { budget: budget.clone(), taken: 0 };
    let mut whole = BytesMut::new();
    let mut piece = Some(first);
    while let Some(bytes) = piece {
        limits.check(whole.len() + bytes.len())?;
        share.grow(bytes.len())?;
        whole.extend_from_slice(&bytes);
        piece = next(body, limits).await?;
    }
    Ok(Collected { bytes: whole.freeze(), _share: Some(share) })
}

/// The next piece; `None` at the end. What arrived already costs no timer.
async fn next<B>(body: &mut B, limits: Limits) -> Result<Option<Bytes>, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    loop {
        let frame = match body.frame().now_or_never() {
            Some(frame) => frame,
            None => tokio::time::timeout(limits.pause, body.frame())
                .await
                .map_err(|_| Refusal::BodyStalled(limits.pause))?,
        };
        match frame {
            None => return Ok(None),
            Some(Err(_)) => return Err(Refusal::BodyBroken),
            // Trailers mean nothing here.
            Some(Ok(frame)) => {
                if let Ok(bytes) = frame.into_data() {
                    return Ok(Some(bytes));
                }
            }
        }
    }
}

/// Whether nothing of a body is left but what has arrived already, which is thrown away.
pub(crate) fn at_end<B>(body: &mut B) -> bool
where
    B: Body<Data = Bytes> + Unpin,
{
    while !body.is_end_stream() {
        match body.frame().now_or_never() {
            Some(Some(Ok(_))) => {}
            Some(None) => return true,
            Some(Some(Err(_))) | None => return false,
        }
    }
    true
}

impl Limits {
    /// The limits of one event's body, or of a batch.
    pub(crate) fn new(options: &Options, batch: bool) -> Self {
        let size = if batch { options.max_batch_size() } else { options.max_event_size };
        Self { batch, size, pause: options.body_pause }
    }

    fn check(self, size: usize) -> Result<(), Refusal> {
        if size > self.size { Err(self.too_large()) } else { Ok(()) }
    }

    fn too_large(self) -> Refusal {
        let max = self.size;
        if self.batch { Refusal::BatchTooLarge { max } } else { Refusal::EventTooLarge { max } }
    }
}

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self { left: Arc::new(AtomicUsize::new(bytes)) }
    }
}

impl Share {
    fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        let left = &self.budget.left;
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes))
            .map_err(|_| Refusal::BodyMemory)?;
        self.taken += bytes;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.left.fetch_add(self.taken, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body::Frame;
    use http_body_util::StreamBody;
    use std::convert::Infallible;

    const LIMITS: Limits = Limits { batch: false, size: 10, pause: Duration::from_secs(30) };

    fn pieces(sizes: &[usize]) -> impl Body<Data = Bytes, Error = Infallible> + Unpin + use<> {
        let frames: Vec<_> = sizes.iter().map(|n| Ok(Frame::data(Bytes::from(vec![b'x'; *n])))).collect();
        StreamBody::new(futures::stream::iter(frames))
    }

    #[tokio::test]
    async fn one_piece_is_not_copied() {
        let bytes = Bytes::from_static(b"0123456789");
        let mut body = http_body_util::Full::new(bytes.clone());
        let got = collect(&mut body, LIMITS, &Budget::new(0)).await.unwrap();
        assert_eq!(got.bytes.as_ptr(), bytes.as_ptr());
    }

    #[tokio::test]
    async fn pieces_come_together_up_to_the_limit() {
        let budget = Budget::new(100);
        let got = collect(&mut pieces(&[3, 0, 7]), LIMITS, &budget).await.unwrap();
        assert_eq!(got.bytes, "xxxxxxxxxx");
        let refused = collect(&mut pieces(&[3, 8]), LIMITS, &budget).await.unwrap_err();
        assert!(matches!(refused, Refusal::EventTooLarge { max: 10 }));
    }

    #[tokio::test]
    async fn a_budget_that_is_used_up_refuses_until_a_body_is_dropped() {
        let budget = Budget::new(12);
        let first = collect(&mut pieces(&[5, 5]), LIMITS, &budget).await.unwrap();
        let refused = collect(&mut pieces(&[2, 1]), LIMITS, &budget).await.unwrap_err();
        assert!(matches!(refused, Refusal::BodyMemory));
        drop(first);
        let first = collect(&mut pieces(&[5, 5]), LIMITS, &budget).await.unwrap();
        drop(first);
        collect(&mut pieces(&[5, 5]), LIMITS, &budget).await.unwrap();
        let refused =
            collect(&mut pieces(&[5, 5, 3]), Limits { size: 20, ..LIMITS }, &budget).await.unwrap_err();
        assert!(matches!(refused, Refusal::BodyMemory), "more came back than was taken");
    }
}
