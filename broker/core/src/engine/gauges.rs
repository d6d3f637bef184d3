//! What a lane shows to the outside: plain numbers, written by the lane, read by anyone.

use super::group::Group;
use crate::{Lag, Position};
use event::Timestamp;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// At the shared head.
const AT_HEAD: u64 = u64::MAX;

/// One group in one lane.
#[derive(Debug)]
pub(crate) struct GroupGauges {
    pub(crate) incarnation: String,
    cursor: AtomicU64,
    open: AtomicU64,
    in_flight: AtomicU64,
    oldest: AtomicU64,
    unreachable: AtomicBool,
    parked: AtomicU64,
    filter_errors: AtomicU64,
}

impl GroupGauges {
    pub(crate) fn new(incarnation: &str) -> Self {
        Self {
            incarnation: incarnation.to_owned(),
            cursor: AtomicU64::new(AT_HEAD),
            open: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
            oldest: AtomicU64::new(0),
            unreachable: AtomicBool::new(false),
            parked: AtomicU64::new(0),
            filter_errors: AtomicU64::new(0),
        }
    }

    pub(crate) fn show(&self, group: &Group) {
        self.cursor.store(group.cursor.unwrap_or(AT_HEAD), Relaxed);
        self.open.store((group.open.len() + group.queued()) as u64, Relaxed);
        self.in_flight.store(group.in_flight() as u64, Relaxed);
        self.oldest.store(group.oldest_accepted().unwrap_or_default().0, Relaxed);
        self.unreachable.store(group.unreachable, Relaxed);
        self.parked.store(group.parked.0, Relaxed);
    }

    /// The group's filter erred about one more event.
    pub(crate) fn filter_erred(&self) {
        self.filter_errors.fetch_add(1, Relaxed);
    }

    /// Adds this lane's part to a group's lag.
    pub(crate) fn add_to(&self, lag: &mut Lag, head: Position) {
        let open = self.open.load(Relaxed);
        let in_flight = self.in_flight.load(Relaxed);
        let cursor = self.cursor.load(Relaxed);
        let behind = if cursor == AT_HEAD { 0 } else { head.saturating_sub(cursor) };
        lag.backlog += open + behind;
        lag.in_flight += in_flight;
        lag.waiting += open.saturating_sub(in_flight);
        lag.filter_errors += self.filter_errors.load(Relaxed);
        lag.unreachable |= self.unreachable.load(Relaxed);
        let oldest = self.oldest.load(Relaxed);
        if oldest > 0 && (open > 0 || behind > 0) {
            let oldest = Timestamp(oldest);
            lag.oldest = Some(lag.oldest.map_or(oldest, |o| o.min(oldest)));
        }
    }

    /// Since when nobody wants the group; zero when somebody does.
    pub(crate) fn parked(&self) -> Timestamp {
        Timestamp(self.parked.load(Relaxed))
    }
}
