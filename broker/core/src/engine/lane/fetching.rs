//! Due events are read from the log: what waits keeps no payload.

use super::{Fetch, LaneTask, RETRY};
use crate::{Entry, LogError, Position};

impl LaneTask {
    /// Reads what is due in groups that have room, all in one go.
    pub(super) fn fetch_due(&mut self) {
        if self.fetch.is_some() || self.fetchable.is_empty() {
            return;
        }
        let mut asked: Vec<(Position, u32)> = Vec::new();
        for id in std::mem::take(&mut self.fetchable) {
            if let Some(due) = self.with(id, |group, _| group.take_due()) {
                asked.extend(due.into_iter().map(|at| (at, id)));
            }
        }
        if asked.is_empty() {
            return;
        }
        asked.sort_unstable();
        let mut positions: Vec<Position> = asked.iter().map(|(at, _)| *at).collect();
        positions.dedup();
        let (log, lane) = (self.log.clone(), self.lane);
        let read = Box::pin(async move { log.get(lane, &positions).await });
        self.fetch = Some(Fetch { asked, read });
    }

    pub(super) fn fetched(&mut self, read: Result<Vec<(Position, Entry)>, LogError>) {
        let Some(Fetch { asked, .. }) = self.fetch.take() else { return };
        match read {
            Ok(entries) => {
                for (at, id) in asked {
                    let found = entries.binary_search_by_key(&at, |(p, _)| *p).ok().map(|n| &entries[n].1);
                    self.hand_fetched(at, id, found);
                    self.note(id);
                }
            }
            Err(error) => {
                tracing::warn!(lane = self.lane.0, %error, "due events cannot be read, trying again");
                let again = self.clock.now().plus(RETRY);
                for (at, id) in asked {
                    self.with(id, |group, _| group.unfetched(at));
                    // Rings for an event that is due already: the group is looked at, and asks again.
                    self.timers.insert((again, id, at));
                }
                return;
            }
        }
        self.touch_noted();
    }

    fn hand_fetched(&mut self, at: Position, id: u32, entry: Option<&Entry>) {
        if let Some(Entry::Event(record)) = entry {
            let record = record.clone();
            self.with(id, |group, _| group.fetched(at, record));
        } else if self.with(id, |group, _| group.missing(at)) == Some(true) {
            let group = self.group(id).map(|g| g.name.to_string()).unwrap_or_default();
            tracing::error!(
                lane = self.lane.0,
                position = at,
                group,
                "an open event is damaged in the log and cannot be delivered"
            );
        }
    }
}
