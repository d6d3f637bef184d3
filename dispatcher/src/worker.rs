//! One trigger: takes what its channel lends and delivers it.
//!
//! All deliveries of a trigger run in the worker's own task. Measured against a task per event (2 cores, window
//! 32 and 100, local sink): the same rate, a little less CPU, and at 5,000 events/s a fifth less, because no
//! other thread is woken. Ingress, log and engine use the other cores meanwhile; one task delivers more than they feed.

use crate::deliver::deliver;
use crate::trigger::Trigger;
use arc_swap::ArcSwap;
use broker_core::Subscription;
use futures::FutureExt;
use futures::stream::{FuturesUnordered, StreamExt};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Waits between tries to join a group that is not there (yet).
const JOIN_FIRST: Duration = Duration::from_millis(50);
const JOIN_MAX: Duration = Duration::from_secs(5);
/// How often a trigger that may not send looks whether that has changed.
const LOOK: Duration = Duration::from_secs(1);

/// The task of one trigger.
pub(crate) struct Worker {
    /// Exchanged when the table changes; deliveries that have begun keep the old one.
    pub(crate) trigger: Arc<ArcSwap<Trigger>>,
    /// No more is taken; what has begun is finished.
    pub(crate) stop: CancellationToken,
}

impl Worker {
    /// Runs until it is stopped. A defect that panics costs its deliveries (they come back), not the trigger.
    pub(crate) async fn run(self) {
        while AssertUnwindSafe(self.work()).catch_unwind().await.is_err() {
            let trigger = &self.trigger.load().route.group.clone();
            tracing::error!(%trigger, "delivering panicked, which is a defect of sluice; it goes on");
            tokio::time::sleep(JOIN_MAX).await;
        }
    }

    async fn work(&self) {
        let mut wait = JOIN_FIRST;
        while !self.stop.is_cancelled() {
            if let Some(subscription) = self.join().await {
                self.serve(subscription).await;
                wait = JOIN_FIRST;
            }
            // The engine let the group go, or has none yet.
            self.stop.run_until_cancelled(tokio::time::sleep(wait)).await;
            wait = (wait * 2).min(JOIN_MAX);
        }
    }

    async fn join(&self) -> Option<Subscription> {
        let trigger = self.trigger.load_full();
        match trigger.channel()?.subscribe(&trigger.route.group).await {
            Ok(subscription) => Some(subscription),
            Err(error) => {
                tracing::debug!(trigger = %trigger.route.group, %error, "could not join the group yet");
                None
            }
        }
    }

    /// Until the group is gone or the worker is stopped. The engine's window bounds what is open.
    async fn serve(&self, mut subscription: Subscription) {
        let mut open = FuturesUnordered::new();
        let mut stopped = pin!(self.stop.cancelled());
        loop {
            let (pause, alone) = {
                let trigger = self.trigger.load();
                (trigger.pace().pause(), trigger.awaits_consent())
            };
            let may_send = pause.is_none() && (open.is_empty() || !alone);
            tokio::select! {
                biased;
                () = &mut stopped => break,
                Some(()) = open.next(), if !open.is_empty() => {}
                () = rest(pause), if pause.is_some() => {}
                delivery = subscription.next(), if may_send => match delivery {
                    Some(delivery) => {
                        let trigger = self.trigger.load_full();
                        trigger.pace().step();
                        open.push(deliver(trigger, delivery));
                    }
                    None => break,
                },
            }
        }
        // What is lent and not begun goes back at once.
        drop(subscription);
        while open.next().await.is_some() {}
    }
}

/// Waits for a part of a pause: whoever changes the sink meanwhile should not have to wait for the whole of it.
async fn rest(pause: Option<Instant>) {
    let soon = Instant::now() + LOOK;
    Box::pin(sleep_until(pause.map_or(soon, |until| until.min(soon)))).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten thousand idle triggers are ten thousand of these.
    #[test]
    fn an_idle_worker_is_small() {
        fn bytes<F>(_: impl Fn(Worker) -> F) -> usize {
            size_of::<F>()
        }
        let bytes = bytes(Worker::run);
        assert!(bytes <= 1024, "{bytes} bytes");
    }
}
