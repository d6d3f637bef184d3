//! The patterns of `LIKE` (section 3.4.3), compiled.

use super::scope::{Exhausted, Scope};
use crate::Filter;

/// A pattern: what stands between its `%`. One part: the whole text; else the first part begins it, the last
/// one ends it, and the others are found between, each as far left as it goes.
#[derive(Debug)]
pub(super) struct Pattern(Box<[Run]>);

/// A stretch of a pattern without `%`.
#[derive(Debug)]
enum Run {
    Plain(Box<str>),
    /// `None`: any one character.
    Gaps(Box<[Option<char>]>),
}

impl Pattern {
    /// `%` is any number of characters and `_` is one; behind a `\` both are themselves. Every text is a pattern.
    pub(super) fn new(text: &str) -> Self {
        let mut runs = Vec::new();
        let mut run = Vec::new();
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '%' => runs.push(Run::new(std::mem::take(&mut run))),
                '_' => run.push(None),
                '\\' => run.push(rest.next_if(|next| matches!(next, '%' | '_')).or(Some('\\'))),
                c => run.push(Some(c)),
            }
        }
        runs.push(Run::new(run));
        Self(runs.into())
    }

    /// Whether a text is as the pattern says; what is looked for between the ends is work.
    pub(super) fn matches(&self, text: &str, scope: &Scope<'_>) -> Result<bool, Exhausted> {
        let (first, middle, last) = match &*self.0 {
            [] => return Ok(false),
            [whole] => return Ok(whole.strip_prefix(text).is_some_and(str::is_empty)),
            [first, middle @ .., last] => (first, middle, last),
        };
        let inner = first.strip_prefix(text).and_then(|rest| last.strip_suffix(rest));
        let Some(mut rest) = inner else { return Ok(false) };
        for run in middle {
            match run.find(rest, scope)? {
                Some(behind) => rest = behind,
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Comparisons of an attribute that hold whenever its value matches; none may be known.
    pub(super) fn implied(&self, name: &str) -> Vec<Filter> {
        let name = || name.to_owned();
        match &*self.0 {
            [Run::Plain(whole)] => vec![Filter::Exact(name(), whole.to_string())],
            [first, .., last] => {
                let starts = first.plain().map(|text| Filter::Prefix(name(), text.to_owned()));
                let ends = last.plain().map(|text| Filter::Suffix(name(), text.to_owned()));
                starts.into_iter().chain(ends).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Run {
    fn new(run: Vec<Option<char>>) -> Self {
        match run.iter().copied().collect::<Option<String>>() {
            Some(text) => Self::Plain(text.into()),
            None => Self::Gaps(run.into()),
        }
    }

    /// Its text, if it is one that says anything.
    fn plain(&self) -> Option<&str> {
        match self {
            Self::Plain(text) if !text.is_empty() => Some(text),
            Self::Plain(_) | Self::Gaps(_) => None,
        }
    }

    /// What is left of a text that begins with it.
    fn strip_prefix<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Plain(plain) => text.strip_prefix(&**plain),
            Self::Gaps(run) => {
                let mut rest = text.chars();
                let fits = run.iter().all(|want| fits(*want, rest.next()));
                fits.then_some(rest.as_str())
            }
        }
    }

    /// What is left of a text that ends with it.
    fn strip_suffix<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Plain(plain) => text.strip_suffix(&**plain),
            Self::Gaps(run) => {
                let mut rest = text.chars();
                let fits = run.iter().rev().all(|want| fits(*want, rest.next_back()));
                fits.then_some(rest.as_str())
            }
        }
    }

    /// What follows its first place in a text.
    fn find<'t>(&self, text: &'t str, scope: &Scope<'_>) -> Result<Option<&'t str>, Exhausted> {
        let run = match self {
            Self::Plain(plain) => {
                let at = text.find(&**plain);
                scope.spend(at.unwrap_or(text.len()))?;
                return Ok(at.map(|at| &text[at + plain.len()..]));
            }
            Self::Gaps(run) => run,
        };
        for (at, _) in text.char_indices() {
            let mut rest = text[at..].chars();
            let fitting = run.iter().take_while(|want| fits(**want, rest.next())).count();
            scope.spend(1 + fitting)?;
            if fitting == run.len() {
                return Ok(Some(rest.as_str()));
            }
        }
        Ok(None)
    }
}

fn fits(want: Option<char>, found: Option<char>) -> bool {
    match (want, found) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(want), Some(found)) => want == found,
    }
}
