//! The keys of one attribute.

use super::Slot;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound::{Included, Unbounded};

/// Bytes of a prefix or suffix that the index looks at: bounds the steps of a lookup. What is longer is asked.
const AFFIX_BYTES: usize = 64;

/// One comparison of one attribute.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) attribute: Box<str>,
    pub(super) test: Test,
}

/// What is compared.
#[derive(Clone, Debug)]
pub(super) enum Test {
    /// The whole value.
    Exact(Box<str>),
    /// Its first bytes.
    Prefix(Box<[u8]>),
    /// Its last bytes, last one first.
    Suffix(Box<[u8]>),
}

impl Test {
    pub(super) fn exact(value: &str) -> Self {
        Self::Exact(value.into())
    }

    pub(super) fn prefix(value: &str) -> Self {
        Self::Prefix(value.bytes().take(AFFIX_BYTES).collect())
    }

    pub(super) fn suffix(value: &str) -> Self {
        Self::Suffix(value.bytes().rev().take(AFFIX_BYTES).collect())
    }

    /// True when a prefix or suffix is short enough to be a key as a whole.
    pub(super) fn holds(affix: &str) -> bool {
        affix.len() <= AFFIX_BYTES
    }

    /// How many more events have it than have one exact value: a guess, larger for the shorter affix.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Exact(_) => 1,
            Self::Prefix(affix) | Self::Suffix(affix) => 2 + AFFIX_BYTES / (1 + affix.len()),
        }
    }
}

/// Where each value of one attribute leads.
#[derive(Debug, Default)]
pub(super) struct Keys {
    exact: HashMap<Box<str>, Vec<Slot>>,
    prefix: Affixes,
    suffix: Affixes,
}

impl Keys {
    /// Visits the slots of every key that a value has.
    pub(super) fn find<'k>(&'k self, value: &str, mut visit: impl FnMut(&'k [Slot])) {
        if let Some(slots) = self.exact.get(value) {
            visit(slots);
        }
        if !self.prefix.0.is_empty() {
            let head = value.as_bytes();
            self.prefix.find(&head[..head.len().min(AFFIX_BYTES)], &mut visit);
        }
        if !self.suffix.0.is_empty() {
            let mut tail = [0; AFFIX_BYTES];
            let length = tail.iter_mut().zip(value.bytes().rev()).map(|(to, from)| *to = from).count();
            self.suffix.find(&tail[..length], &mut visit);
        }
    }

    /// The slots behind a key, which is made if it is not there.
    pub(super) fn slots(&mut self, test: &Test) -> &mut Vec<Slot> {
        match test {
            Test::Exact(value) => self.exact.entry(value.clone()).or_default(),
            Test::Prefix(affix) => self.prefix.0.entry(affix.clone()).or_default(),
            Test::Suffix(affix) => self.suffix.0.entry(affix.clone()).or_default(),
        }
    }

    /// How many slots are behind a key.
    pub(super) fn crowd(&self, test: &Test) -> usize {
        let slots = match test {
            Test::Exact(value) => self.exact.get(value),
            Test::Prefix(affix) => self.prefix.0.get(affix),
            Test::Suffix(affix) => self.suffix.0.get(affix),
        };
        slots.map_or(0, Vec::len)
    }

    /// Drops a key that leads nowhere.
    pub(super) fn tidy(&mut self, test: &Test) {
        if self.crowd(test) > 0 {
            return;
        }
        match test {
            Test::Exact(value) => drop(self.exact.remove(value)),
            Test::Prefix(affix) => drop(self.prefix.0.remove(affix)),
            Test::Suffix(affix) => drop(self.suffix.0.remove(affix)),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.prefix.0.is_empty() && self.suffix.0.is_empty()
    }
}

/// Prefixes in order. (Suffixes are prefixes of what is read backwards.)
#[derive(Debug, Default)]
struct Affixes(BTreeMap<Box<[u8]>, Vec<Slot>>);

impl Affixes {
    /// Visits every affix that `value` starts with, the longest first.
    ///
    /// Whatever sorts between a prefix of `value` and `value` has that prefix too. So the greatest affix not
    /// above `value` shares with it every affix that is left to find, and `value` can be cut down to what they share.
    fn find<'k>(&'k self, mut value: &[u8], visit: &mut impl FnMut(&'k [Slot])) {
        while let Some((affix, slots)) = self.0.range::<[u8], _>((Unbounded, Included(value))).next_back() {
            let shared = affix.iter().zip(value).take_while(|(a, b)| a == b).count();
            if shared < affix.len() {
                value = &value[..shared];
                continue;
            }
            visit(slots);
            match shared.checked_sub(1) {
                Some(shorter) => value = &value[..shorter],
                None => return,
            }
        }
    }
}
