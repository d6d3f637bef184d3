//! One index over the filters of all groups of a channel.
//!
//! ```text
//!   filter ──plan──▶ keys without which it cannot match      the rarest part of `all`, every part of `any`
//!                      │
//!                      ▼
//!   attribute ──▶ exact {value}   prefix [sorted]   suffix [sorted, reversed]
//!                      │
//!                      ▼
//!                    slots: a group, and its filter to ask where the key alone does not decide
//! ```
//!
//! A filter that has no such key (`not`) is asked for every event. An expression is found by the comparisons that
//! it implies, and is always asked.

mod keys;
mod plan;

use crate::Filter;
use event::Event;
use keys::{Key, Keys};
use plan::Plan;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Answers for all filters at once. `u32` is the caller's number for a group.
#[derive(Debug, Default)]
pub struct Index {
    /// By attribute: a handful of names, so that a walk along a short sorted list beats hashing every name.
    attributes: BTreeMap<Box<str>, Keys>,
    /// Groups that no key leads to.
    keyless: Vec<Slot>,
    /// Which keys lead to a group; `None`: it is among the keyless.
    groups: HashMap<u32, Option<Vec<Key>>>,
}

/// The answer for one event; scratch space of who asks often.
#[derive(Debug, Default)]
pub struct Matches {
    /// Groups that the event passes, each once, in no particular order.
    pub groups: Vec<u32>,
    /// Groups that were asked and whose filter holds an expression that erred, each once. Groups that no key led
    /// to were not asked.
    pub erred: Vec<u32>,
}

/// A group, where a key leads to it.
#[derive(Clone, Debug)]
struct Slot {
    group: u32,
    /// Asked before the group is named; `None`: who comes here matches.
    ask: Option<Arc<Filter>>,
    /// Other keys lead to the same group.
    shared: bool,
}

impl Index {
    /// Adds a group, or replaces its filter.
    pub fn insert(&mut self, group: u32, filter: &Filter) {
        self.remove(group);
        let Plan { keys, decides, .. } = Plan::of(filter, self);
        let ask = (!decides).then(|| Arc::new(filter.clone()));
        let slot = Slot { group, ask, shared: keys.as_ref().is_some_and(|keys| keys.len() > 1) };
        match &keys {
            None => self.keyless.push(slot),
            Some(keys) => keys.iter().for_each(|key| self.add(key, slot.clone())),
        }
        self.groups.insert(group, keys);
    }

    /// Forgets a group; unknown ones are ignored.
    pub fn remove(&mut self, group: u32) {
        match self.groups.remove(&group) {
            None => {}
            Some(None) => forget(&mut self.keyless, group),
            Some(Some(keys)) => keys.iter().for_each(|key| self.drop_key(key, group)),
        }
    }

    /// Clears `out` and fills it with the groups that the event passes. Allocates nothing else.
    pub fn matches(&self, event: &Event, out: &mut Matches) {
        out.groups.clear();
        out.erred.clear();
        let mut found = Found { event, out, shared: false };
        found.visit(&self.keyless);
        for attribute in event.attributes() {
            if let Some(keys) = self.attributes.get(attribute.name) {
                keys.find(attribute.value, |slots| found.visit(slots));
            }
        }
        if found.shared {
            for groups in [&mut out.groups, &mut out.erred] {
                groups.sort_unstable();
                groups.dedup();
            }
        }
    }

    /// Groups that a key leads to already.
    fn crowd(&self, key: &Key) -> usize {
        self.attributes.get(&key.attribute).map_or(0, |keys| keys.crowd(&key.test))
    }

    fn add(&mut self, key: &Key, slot: Slot) {
        self.attributes.entry(key.attribute.clone()).or_default().slots(&key.test).push(slot);
    }

    fn drop_key(&mut self, key: &Key, group: u32) {
        let Some(keys) = self.attributes.get_mut(&key.attribute) else { return };
        forget(keys.slots(&key.test), group);
        keys.tidy(&key.test);
        if keys.is_empty() {
            self.attributes.remove(&key.attribute);
        }
    }
}

fn forget(slots: &mut Vec<Slot>, group: u32) {
    if let Some(place) = slots.iter().position(|slot| slot.group == group) {
        slots.swap_remove(place);
    }
}

/// The groups found so far for one event.
struct Found<'a> {
    event: &'a Event,
    out: &'a mut Matches,
    /// One of them may have been found twice.
    shared: bool,
}

impl Found<'_> {
    fn visit(&mut self, slots: &[Slot]) {
        for slot in slots {
            let mut erred = false;
            let passes = slot.ask.as_ref().is_none_or(|filter| filter.judge(self.event, &mut erred));
            self.shared |= slot.shared && (passes || erred);
            if passes {
                self.out.groups.push(slot.group);
            }
            if erred {
                self.out.erred.push(slot.group);
            }
        }
    }
}
