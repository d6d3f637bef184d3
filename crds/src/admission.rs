//! Takes in what was declared, and keeps the last good version of each object.
//!
//! - A version that is invalid in itself does not replace a good one.
//! - What is declared nowhere any more goes, unless it was last seen in a file (or folder) that cannot be read
//!   at the moment: such a file changes nothing of what it defined.
//! - Of two definitions the one in force stays, else the first; the other is a problem.
//! - Fields that cannot be changed are not changed: the old version stays.

use crate::annotations::{BROKER_CLASS, CHANNEL};
use crate::kind::{Recognised, recognise};
use crate::parse::{Parsed, parse};
use crate::report::Report;
use crate::{Index, Object, ObjectId, Problem, Severity, annotations};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Everything that is declared, as it was read this time.
#[derive(Clone, Debug, Default)]
pub struct Declaration {
    /// The documents, in order: of two definitions the first counts.
    pub objects: Vec<Object>,
    /// Files and folders of which it is not known what they define at the moment.
    pub unknown: Vec<PathBuf>,
    /// What is wrong with the files themselves.
    pub problems: Vec<Problem>,
}

/// Holds the last good version of each object. Plain data; the caller keeps it over a restart.
#[derive(Clone, Debug, Default)]
pub struct Admission {
    good: BTreeMap<ObjectId, Object>,
}

impl Admission {
    /// Starts with the last good versions of an earlier run.
    #[must_use]
    pub fn new(last_good: impl IntoIterator<Item = Object>) -> Self {
        Self { good: last_good.into_iter().map(|object| (object.id.clone(), object)).collect() }
    }

    /// Takes in a declaration, and returns what is to be compiled.
    pub fn admit(&mut self, declaration: Declaration) -> Index {
        let mut index = Index { problems: declaration.problems, ..Index::default() };
        let declared = self.first_definitions(declaration.objects, &mut index);
        self.good.retain(|id, good| {
            let file = good.origin.file.as_deref();
            let unknown =
                || file.is_some_and(|file| declaration.unknown.iter().any(|path| file.starts_with(path)));
            declared.contains_key(id) || unknown()
        });
        for object in declared.into_values() {
            self.judge(object, &mut index);
        }
        for good in self.good.values() {
            index.apply(good.clone());
        }
        index
    }

    /// The last good version of each object: what has to survive a restart.
    pub fn last_good(&self) -> impl Iterator<Item = &Object> {
        self.good.values()
    }

    /// One definition of each object of a kind that is compiled.
    fn first_definitions(&self, objects: Vec<Object>, index: &mut Index) -> BTreeMap<ObjectId, Object> {
        let mut first: BTreeMap<ObjectId, Object> = BTreeMap::new();
        for object in objects {
            match recognise(&object.api_version, &object.id.kind) {
                Recognised::Known(_) | Recognised::WrongVersion(_) => {}
                Recognised::NotTaken(..) => {
                    index.problems.extend(parse(&object).1);
                    continue;
                }
                Recognised::Unknown => {
                    let kind = format!("{} {}", object.api_version, object.id.kind);
                    *index.skipped.entry(kind).or_default() += 1;
                    continue;
                }
            }
            match first.remove(&object.id) {
                None => drop(first.insert(object.id.clone(), object)),
                Some(other) => {
                    let (stays, second) = self.choose(other, object);
                    index.problems.extend(second_definition(&stays, &second));
                    first.insert(stays.id.clone(), stays);
                }
            }
        }
        first
    }

    /// Of two definitions of one object the one that stays, and the other.
    fn choose(&self, first: Object, second: Object) -> (Object, Object) {
        let in_force = self.good.get(&first.id).and_then(|good| good.origin.file.as_deref());
        let comes_from = |object: &Object| in_force.is_some() && object.origin.file.as_deref() == in_force;
        match comes_from(&second) && !comes_from(&first) {
            true => (second, first),
            false => (first, second),
        }
    }

    /// Puts a valid version in the place of the last good one. An invalid one goes on to compile only where there
    /// is no good one: compile then says what is wrong with it.
    fn judge(&mut self, object: Object, index: &mut Index) {
        if let Some(good) = self.good.get_mut(&object.id).filter(|good| good.value == object.value) {
            *good = object;
            return;
        }
        let (parsed, mut problems) = parse(&object);
        let Some(good) = self.good.get_mut(&object.id) else {
            match parsed {
                Some(_) => drop(self.good.insert(object.id.clone(), object)),
                None => index.apply(object),
            }
            return;
        };
        // The file it was moved to is the one that speaks for it from now on, whatever version is in force.
        good.origin.file.clone_from(&object.origin.file);
        if let Some(parsed) = &parsed {
            problems.extend(changed_for_good(good, &object, parsed));
        }
        if problems.iter().all(|problem| problem.severity == Severity::Warning) {
            *good = object;
            return;
        }
        // The lines are those of the new version.
        good.origin.line = None;
        good.origin.lines.clear();
        for problem in &mut problems {
            if problem.severity == Severity::Error {
                problem.message.push_str(" (the last good version stays in force)");
            }
        }
        index.problems.extend(problems);
    }
}

fn second_definition(first: &Object, second: &Object) -> Vec<Problem> {
    let mut report = Report::new(second);
    let place = match (&first.origin.file, first.origin.line) {
        (Some(file), Some(line)) => format!("{}:{line}", file.display()),
        (Some(file), None) => file.display().to_string(),
        (None, _) => "elsewhere".to_owned(),
    };
    report.error(
        "metadata.name",
        format!("defined a second time: the definition in {place} counts, remove one"),
    );
    report.into_problems()
}

/// Fields that differ from the good version and must not.
fn changed_for_good(good: &Object, object: &Object, parsed: &Parsed) -> Vec<Problem> {
    let mut report = Report::new(object);
    let fields: &[(String, bool)] = match parsed {
        Parsed::Broker(_) => &[
            (
                annotations::field(BROKER_CLASS),
                annotation(good, BROKER_CLASS) != annotation(object, BROKER_CLASS),
            ),
            (annotations::field(CHANNEL), annotation(good, CHANNEL) != annotation(object, CHANNEL)),
            ("spec.config".to_owned(), config(parse(good).0) != config(Some(parsed.clone()))),
        ],
        Parsed::Trigger(_) => {
            &[("spec.broker".to_owned(), broker(parse(good).0) != broker(Some(parsed.clone())))]
        }
        Parsed::Channel(_) | Parsed::Flow(_) => &[
            (annotations::field(CHANNEL), annotation(good, CHANNEL) != annotation(object, CHANNEL)),
            ("spec.channelTemplate".to_owned(), template(parse(good).0) != template(Some(parsed.clone()))),
        ],
        Parsed::Subscription(_) => {
            &[("spec.channel".to_owned(), channel(parse(good).0) != channel(Some(parsed.clone())))]
        }
        Parsed::IntegrationSink(_) | Parsed::ConfigMap(_) | Parsed::Secret(_) | Parsed::Service(_) => &[],
    };
    // On Kubernetes a new uid is a new object, which may have what fields it likes.
    let uid = |object: &Object| object.value.pointer("/metadata/uid").cloned();
    if uid(good) == uid(object) {
        for (field, _) in fields.iter().filter(|(_, changed)| *changed) {
            report
                .error(field, "cannot be changed: remove the object, let that take effect, and add it again");
        }
    }
    report.into_problems()
}

fn annotation<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    object.value.get("metadata")?.get("annotations")?.get(name)
}

fn config(parsed: Option<Parsed>) -> Option<crate::parse::ConfigRef> {
    match parsed {
        Some(Parsed::Broker(broker)) => broker.config,
        _ => None,
    }
}

fn template(parsed: Option<Parsed>) -> Option<crate::class::Class> {
    match parsed {
        Some(Parsed::Channel(channel)) => Some(channel.template),
        Some(Parsed::Flow(flow)) => Some(flow.template),
        _ => None,
    }
}

fn channel(parsed: Option<Parsed>) -> Option<crate::parse::Reference> {
    match parsed {
        Some(Parsed::Subscription(subscription)) => Some(subscription.channel),
        _ => None,
    }
}

fn broker(parsed: Option<Parsed>) -> Option<ObjectId> {
    match parsed {
        Some(Parsed::Trigger(trigger)) => Some(trigger.broker),
        _ => None,
    }
}
