//! Waiting for what must come true, and no longer.

use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long anything may take on a busy machine before a story has failed.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Waits until the condition is true.
///
/// # Panics
/// With `what` when that takes longer than [`DEADLINE`].
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    value(what, async || condition().await.then_some(())).await;
}

/// Waits for a value.
///
/// # Panics
/// With `what` when that takes longer than [`DEADLINE`].
pub async fn value<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = look().await {
            return value;
        }
        assert!(start.elapsed() < DEADLINE, "waited {DEADLINE:?} for: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}
