//! Waiting for something, and for nothing. Works in real and in paused time.

use crate::{Delivery, Log, Position, Reader, Subscription};
use event::Timestamp;
use std::time::Duration;

/// Longer than anything takes; who waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);
/// What has not come by then is not coming.
const QUIET: Duration = Duration::from_millis(300);

/// A whole test; fails instead of hanging.
pub async fn bounded(test: impl Future<Output = ()>) {
    let ended = tokio::time::timeout(10 * PATIENCE, test).await;
    assert!(ended.is_ok(), "the test waits for something that does not come");
}

/// The future's result; fails when it takes too long.
pub(super) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it comes soon")
}

/// Waits until the condition holds.
pub(super) async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "still not true: {what}");
}

/// Waits until the wall clock shows a later time than any so far, and returns it.
pub(super) async fn a_later_time() -> Timestamp {
    let before = Timestamp::now();
    while Timestamp::now().0 < before.0 + 2 {
        tokio::task::yield_now().await;
    }
    Timestamp::now()
}

/// The next delivery.
pub(super) async fn next(subscription: &mut Subscription) -> Delivery {
    soon(subscription.next()).await.expect("the group is still there")
}

/// The next `n` deliveries, acked: their ids.
pub(super) async fn take(subscription: &mut Subscription, n: usize) -> Vec<u64> {
    let mut ids = Vec::new();
    for _ in 0..n {
        let delivery = next(subscription).await;
        ids.push(super::sample::id(&delivery));
        delivery.ack();
    }
    ids
}

/// [`take`], sorted: for what comes in no particular order.
pub(super) async fn take_any(subscription: &mut Subscription, n: usize) -> Vec<u64> {
    let mut ids = take(subscription, n).await;
    ids.sort_unstable();
    ids
}

/// Fails when anything more is lent.
pub(super) async fn nothing(subscription: &mut Subscription) {
    let more = tokio::time::timeout(QUIET, subscription.next()).await;
    assert!(more.is_err(), "unexpected: {more:?}");
}

/// Everything from `from` on until `n` records were read.
pub(super) async fn read(
    log: &dyn Log,
    lane: crate::Lane,
    from: Position,
    n: usize,
) -> Vec<(Position, crate::Entry)> {
    read_on(&mut *log.read(lane, from), n).await
}

/// The reader's next `n` records.
pub(super) async fn read_on(reader: &mut dyn Reader, n: usize) -> Vec<(Position, crate::Entry)> {
    let mut entries = Vec::new();
    while entries.len() < n {
        let batch = soon(reader.next()).await.unwrap();
        assert!(!batch.entries.is_empty(), "a batch has at least one record");
        entries.extend(batch.entries);
    }
    entries
}
