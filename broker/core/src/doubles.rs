//! For tests of other rooms: lending without an engine.

use crate::channel::Loan;
use crate::returns::Returns;
use crate::{Delivery, Lane, Outcome, Position, Subscription};
use event::Record;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Plays the engine for one group: lends what the test says, tells how it came back.
#[derive(Debug)]
pub struct Lender {
    deliveries: mpsc::UnboundedSender<Delivery>,
    back: Arc<Returns>,
    /// Came back and not told yet.
    settled: VecDeque<(Position, Outcome)>,
}

impl Lender {
    /// A lender and the subscription that it fills.
    #[must_use]
    pub fn new() -> (Self, Subscription) {
        let (sender, deliveries) = mpsc::unbounded_channel();
        let lender = Self { deliveries: sender, back: Arc::default(), settled: VecDeque::new() };
        (lender, Subscription { deliveries })
    }

    /// Lends one event from lane 0; false when the subscription is gone.
    pub fn lend(&self, record: &Arc<Record>, position: Position, attempt: u32, probe: bool) -> bool {
        let loan = Loan { group: 0, incarnation: "".into(), token: position, back: Some(self.back.clone()) };
        let record = record.clone();
        self.deliveries.send(Delivery { record, attempt, probe, lane: Lane(0), position, loan }).is_ok()
    }

    /// The next loan that came back: its position and how it ended. Cancel safe.
    pub async fn settled(&mut self) -> Option<(Position, Outcome)> {
        loop {
            self.settled.extend(self.back.take().into_iter().map(|s| (s.token, s.outcome)));
            if let Some(first) = self.settled.pop_front() {
                return Some(first);
            }
            self.back.came().await;
        }
    }
}
