#![no_main]
//! Filters that come, change and go: the index says what each of them says by itself.
//!
//! A line is a step; what is none is left out. See [`Steps::take`].

use event::{Event, EventBuilder};
use filter::{Filter, Index, Matches};
use std::collections::BTreeMap;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut steps = Steps::new();
    text.lines().for_each(|line| steps.take(line));
    steps.compare();
});

struct Steps {
    event: EventBuilder,
    /// Filters that are no group's yet.
    stack: Vec<Filter>,
    groups: BTreeMap<u32, Filter>,
    index: Index,
}

impl Steps {
    fn new() -> Self {
        let event = Event::builder().set("id", "1").set("source", "s").set("type", "t");
        Self { event, stack: Vec::new(), groups: BTreeMap::new(), index: Index::default() }
    }

    /// `@name value` sets an attribute of the event. `=name value`, `^name value`, `$name value`, `?name` and
    /// `~expression` are filters; `!`, `&2` and `|2` are made of those before them. `+1` gives group 1 the last
    /// one, `-1` removes the group, `.` compares.
    fn take(&mut self, line: &str) {
        let mut symbols = line.chars();
        let symbol = symbols.next().unwrap_or(' ');
        let rest = symbols.as_str();
        let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
        match symbol {
            '@' => self.set(name, value),
            '=' => self.stack.push(Filter::Exact(name.into(), value.into())),
            '^' => self.stack.push(Filter::Prefix(name.into(), value.into())),
            '$' => self.stack.push(Filter::Suffix(name.into(), value.into())),
            '?' => self.stack.push(Filter::Present(name.into())),
            '~' => self.stack.extend(rest.parse().ok().map(Filter::Cesql)),
            '!' => self.combine(1, |mut parts| Filter::Not(Box::new(parts.swap_remove(0)))),
            '&' => self.combine(number(rest), Filter::All),
            '|' => self.combine(number(rest), Filter::Any),
            '+' => self.insert(number(rest) as u32),
            '-' => self.remove(number(rest) as u32),
            '.' => self.compare(),
            _ => {}
        }
    }

    /// An attribute that is none is left out.
    fn set(&mut self, name: &str, value: &str) {
        let event = self.event.clone().set(name, value);
        if event.clone().build().is_ok() {
            self.event = event;
        }
    }

    fn combine(&mut self, count: usize, build: impl FnOnce(Vec<Filter>) -> Filter) {
        let Some(start) = self.stack.len().checked_sub(count) else { return };
        if self.stack[start..].iter().all(|part| part.depth() < Filter::MAX_DEPTH) {
            let parts = self.stack.split_off(start);
            self.stack.push(build(parts));
        }
    }

    fn insert(&mut self, group: u32) {
        if let Some(filter) = self.stack.pop() {
            self.index.insert(group, &filter);
            self.groups.insert(group, filter);
        }
    }

    fn remove(&mut self, group: u32) {
        self.index.remove(group);
        self.groups.remove(&group);
    }

    fn compare(&self) {
        let event = self.event.clone().build().expect("only what builds is set");
        let mut found = Matches::default();
        self.index.matches(&event, &mut found);
        found.groups.sort_unstable();
        let passed = self.groups.iter().filter(|(_, filter)| filter.matches(&event));
        assert_eq!(
            found.groups,
            passed.map(|(group, _)| *group).collect::<Vec<_>>(),
            "{:?} {event:?}",
            self.groups
        );
        for filter in self.groups.values() {
            assert_eq!(filter.explain(&event).matches, filter.matches(&event), "{filter:?} {event:?}");
            let stored = serde_json::to_vec(filter).expect("a filter is JSON");
            assert_eq!(serde_json::from_slice::<Filter>(&stored).ok().as_ref(), Some(filter));
        }
    }
}

/// What is no number is 1.
fn number(text: &str) -> usize {
    text.parse::<u8>().unwrap_or(1).into()
}
