//! Space: what nobody needs is truncated; the few old events that pin much are moved forward.

use super::LaneTask;
use crate::{Entry, Log, Position};
use event::{Addressee, Audience, Record, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Pause between two rounds.
const EVERY: Duration = Duration::from_secs(1);
/// Finished positions that an old event may pin before it is moved forward.
const PINNED: Position = 50_000;
/// Events that are moved in one round.
const MOVED_AT_ONCE: usize = 500;

/// The outcome of one round.
pub(super) struct Tidied {
    /// Events that were to be moved and were not.
    stay: Vec<(Position, u32)>,
    truncated: Option<Position>,
}

/// What one round moves: the position, and for whom.
type Movers = BTreeMap<Position, Vec<(u32, Addressee)>>;

impl LaneTask {
    /// Starts a round when the durable state allows to give something up, or when something pins too much.
    pub(super) fn tidy_if_time(&mut self) {
        if self.tidy.is_some() || self.next_tidy > Instant::now() {
            return;
        }
        // Also when there is nothing to do: looking for what pins counts through every old event.
        self.next_tidy = Instant::now() + EVERY;
        let low = self.saving.low;
        let movers = self.movers();
        if low <= self.truncated && movers.is_empty() {
            return;
        }
        let (log, lane) = (self.log.clone(), self.lane);
        let keep_from = self.shared.retention_start(self.clock.now());
        self.tidy = Some(Box::pin(async move {
            let mut stay = Vec::new();
            if !movers.is_empty() && move_forward(&*log, lane, &movers).await.is_err() {
                stay = movers.iter().flat_map(|(at, who)| who.iter().map(|(id, _)| (*at, *id))).collect();
            }
            let below = floor(&*log, lane, low, keep_from).await;
            let truncated = match below {
                Some(below) if log.truncate(lane, below).await.is_ok() => Some(below),
                _ => None,
            };
            Tidied { stay, truncated }
        }));
    }

    pub(super) fn tidied(&mut self, tidied: Tidied) {
        for (at, id) in tidied.stay {
            self.with(id, |group, near| group.stop_moving(at, near));
            self.touch(id);
        }
        if let Some(below) = tidied.truncated {
            self.truncated = self.truncated.max(below);
        }
    }

    /// Old waiting events of groups on the head, when they are few and pin much that is finished.
    fn movers(&mut self) -> Movers {
        let Some(below) = self.head.checked_sub(PINNED).filter(|below| self.saving.low < *below) else {
            return Movers::new();
        };
        let behind = |id: &u32| self.group(*id).is_none_or(|g| g.cursor.is_some_and(|at| at < below));
        let old = |id: &u32| self.group(*id).map_or(0, |g| g.open.range(..below).count());
        if self.busy.iter().any(behind) || self.busy.iter().map(old).sum::<usize>() > MOVED_AT_ONCE {
            return Movers::new();
        }
        let mut movers = Movers::new();
        for id in self.busy.clone() {
            if self.group(id).is_some_and(|g| g.cursor.is_none()) {
                let moving = self.with(id, |group, _| group.start_moving(below, MOVED_AT_ONCE));
                for (at, addressee) in moving.into_iter().flatten() {
                    movers.entry(at).or_default().push((id, addressee));
                }
            }
        }
        movers
    }
}

/// Appends the events again, each addressed to those that still need it.
async fn move_forward(log: &dyn Log, lane: crate::Lane, movers: &Movers) -> Result<(), ()> {
    let positions: Vec<Position> = movers.keys().copied().collect();
    let entries = log.get(lane, &positions).await.map_err(drop)?;
    if entries.len() != positions.len() {
        // One is damaged: trying it finds that out, and reports it.
        return Err(());
    }
    let moved = entries.into_iter().filter_map(|(at, entry)| match entry {
        Entry::Event(record) => Some(addressed(at, &record, movers.get(&at)?)),
        Entry::Done(_) | Entry::Group(_) | Entry::DeadLetter(_) => None,
    });
    log.append(lane, moved.collect()).await.map_err(drop)
}

fn addressed(at: Position, record: &Record, who: &[(u32, Addressee)]) -> Entry {
    let mut record = record.clone();
    record.envelope.origin.get_or_insert(at);
    record.envelope.audience = Audience::Groups(who.iter().map(|(_, a)| a.clone()).collect());
    Entry::Event(Arc::new(record))
}

/// The position that may be truncated to: what is finished and older than the retention.
async fn floor(
    log: &dyn Log,
    lane: crate::Lane,
    low: Position,
    keep_from: Option<Timestamp>,
) -> Option<Position> {
    match keep_from {
        None => Some(low),
        Some(time) => log.position_at(lane, time).await.ok().map(|kept| kept.min(low)),
    }
}
