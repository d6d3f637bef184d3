//! One index over the filters of all groups of a channel.

use crate::Filter;
use event::Event;
use std::collections::BTreeMap;

/// Answers for all filters at once. `u32` is the caller's number for a group.
#[derive(Debug, Default)]
pub struct Index {
    filters: BTreeMap<u32, Filter>,
}

impl Index {
    /// Adds a group, or replaces its filter.
    pub fn insert(&mut self, group: u32, filter: &Filter) {
        self.filters.insert(group, filter.clone());
    }

    /// Forgets a group; unknown ones are ignored.
    pub fn remove(&mut self, group: u32) {
        self.filters.remove(&group);
    }

    /// Clears `out` and fills it with the groups that the event passes, each once, in no particular order.
    pub fn matches(&self, event: &Event, out: &mut Vec<u32>) {
        out.clear();
        out.extend(self.filters.iter().filter(|(_, f)| f.matches(event)).map(|(g, _)| *g));
    }
}
