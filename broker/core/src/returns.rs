//! The way back of deliveries: from whoever had them on loan to the lane that lent them.

use crate::Outcome;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;

/// A loan that came back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settled {
    pub(crate) group: u32,
    pub(crate) token: u64,
    pub(crate) outcome: Outcome,
}

/// Loans that came back and were not looked at yet; no more than the windows allow to lend.
///
/// A quiet lane that needs nothing of an ack but to write it down some time is patient: acks wait until it is
/// awake anyway. With a thousand quiet channels that is a task less to wake for each event.
#[derive(Debug, Default)]
pub(crate) struct Returns {
    queue: Mutex<Vec<Settled>>,
    patient: AtomicBool,
    came: Notify,
}

impl Returns {
    pub(crate) fn put(&self, settled: Settled) {
        let ack = settled.outcome == Outcome::Ack;
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push(settled);
        if !ack || !self.patient.load(Ordering::SeqCst) {
            self.came.notify_one();
        }
    }

    /// Everything that came back, in that order.
    pub(crate) fn take(&self) -> Vec<Settled> {
        std::mem::take(&mut *self.queue.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until something came back that should be looked at now. Cancel safe.
    pub(crate) async fn came(&self) {
        self.came.notified().await;
    }

    /// While patient, an ack wakes nobody. Who stops being patient hears of the acks that wait already.
    pub(crate) fn be_patient(&self, patient: bool) {
        let was = self.patient.swap(patient, Ordering::SeqCst);
        if was && !patient && !self.queue.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
            self.came.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use std::time::Duration;

    fn settled(outcome: Outcome) -> Settled {
        Settled { group: 0, token: 7, outcome }
    }

    #[test]
    fn only_an_ack_waits_for_a_patient_lane() {
        let returns = Returns::default();
        returns.be_patient(true);
        returns.put(settled(Outcome::Ack));
        assert!(returns.came().now_or_never().is_none());
        returns.put(settled(Outcome::Nack(Duration::ZERO)));
        assert!(returns.came().now_or_never().is_some());
        assert_eq!(returns.take().len(), 2);
    }

    #[test]
    fn who_loses_patience_hears_of_what_waits() {
        let returns = Returns::default();
        returns.be_patient(true);
        returns.put(settled(Outcome::Ack));
        returns.be_patient(false);
        assert!(returns.came().now_or_never().is_some());
        assert_eq!(returns.take().len(), 1);
    }
}
