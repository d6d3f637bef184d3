//! From what was declared to what the data plane obeys.

mod backend;
mod client_certificate;
mod flow;
mod group;
mod neighbours;
mod sink;
mod stage;
mod subscription;
mod target;
mod trigger;

use crate::kind::{Recognised, recognise};
use crate::parse::{Parsed, parse};
use crate::status::ObjectStatus;
use crate::{Index, Object, ObjectId, Problem, Severity, status};
use broker_core::{Capabilities, Held, ObjectKey, RoutingTable, TriggerRoute};
pub(crate) use group::NotReady;
pub(crate) use neighbours::DeadLetterSink;
use neighbours::Neighbours;
pub(crate) use sink::Resolved;
pub(crate) use stage::Role;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What compile needs to know that is in no manifest.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `--channel`: the backend of Brokers and channels that choose none.
    pub default_backend: String,
    /// The backends of this process and what they can do.
    pub backends: BTreeMap<String, Capabilities>,
    /// `--resolve KIND/NS/NAME=URL`.
    pub resolve: BTreeMap<ObjectId, String>,
    /// Base of the addresses of Brokers and channels, for example `http://127.0.0.1:8080`.
    pub base_url: String,
}

/// The outcome of [`compile`].
#[derive(Clone, Debug, Default)]
pub struct Compiled {
    /// What the data plane obeys. Its `generation` is 0: whoever publishes tables counts them.
    pub table: RoutingTable,
    /// What is wrong, errors and warnings, those of the [`Index`] included; by file, line and field.
    pub problems: Vec<Problem>,
    /// Every object of a known kind with the status that compile can tell.
    pub objects: Vec<ObjectStatus>,
    /// Declared, but not in force; whoever publishes the table puts it there.
    pub held: Held,
    /// How many documents of each unknown `group/version Kind` were skipped.
    pub skipped: BTreeMap<String, usize>,
}

/// Compiles everything anew. Pure; a broken object never breaks its neighbours.
#[must_use]
pub fn compile(index: &Index, settings: &Settings) -> Compiled {
    let mut compiled =
        Compiled { problems: index.problems.clone(), skipped: index.skipped.clone(), ..Compiled::default() };
    let mut neighbours = Neighbours::new(settings);
    let mut valid = Vec::new();
    for object in index.objects().filter(|object| is_ours(object)) {
        let (parsed, problems) = parse(object);
        match parsed {
            Some(parsed) => {
                neighbours.add(&object.id, &parsed);
                valid.push((object, parsed));
            }
            None => {
                neighbours.broken.insert(object.id.clone());
                compiled.refuse(object, &problems);
            }
        }
        compiled.problems.extend(problems);
    }
    target::compile_all(&valid, &mut neighbours, &mut compiled);
    trigger::compile_all(&valid, &neighbours, &mut compiled);
    subscription::compile_all(&valid, &neighbours, &mut compiled);
    for (object, parsed) in &valid {
        compiled.settle(object, parsed);
    }
    compiled.mark_last_good(index);
    compiled.problems.sort();
    // A field that several parts of an object share is looked at for each of them.
    compiled.problems.dedup();
    compiled.objects.sort_by(|a, b| a.id.cmp(&b.id));
    compiled
}

fn is_ours(object: &Object) -> bool {
    matches!(
        recognise(&object.api_version, &object.id.kind),
        Recognised::Known(_) | Recognised::WrongVersion(_)
    )
}

impl Compiled {
    /// An object that is invalid in itself.
    fn refuse(&mut self, object: &Object, problems: &[Problem]) {
        self.hold(object);
        let error = problems.iter().find(|problem| problem.severity == Severity::Error);
        let message = error.map_or_else(String::new, |problem| match problem.field.as_str() {
            "" => problem.message.clone(),
            field => format!("{field}: {}", problem.message),
        });
        let status = status::refused(object, &message);
        self.objects.push(ObjectStatus::new(object, status, false));
    }

    /// What is declared keeps its data although it is not in force.
    fn hold(&mut self, object: &Object) {
        let uid = object.value.pointer("/metadata/uid").and_then(serde_json::Value::as_str);
        if let Some(key) = target::key(&object.id) {
            self.held.channels.insert(target::channel_id(&key, uid));
        }
        match object.id.kind.as_str() {
            "Trigger" => drop(self.held.groups.insert(trigger::group_name(&object.id))),
            "Subscription" => self.held.groups.extend(subscription::group_names(&object.id)),
            _ => {}
        }
    }

    /// The status of the kinds that route nothing.
    fn settle(&mut self, object: &Object, parsed: &Parsed) {
        let status = match parsed {
            Parsed::Broker(_)
            | Parsed::Channel(_)
            | Parsed::Flow(_)
            | Parsed::Trigger(_)
            | Parsed::Subscription(_) => return,
            Parsed::IntegrationSink(sink) => status::of_sink(object, &sink::print_address(sink)),
            Parsed::ConfigMap(_) | Parsed::Secret(_) | Parsed::Service(_) => serde_json::json!({}),
        };
        self.objects.push(ObjectStatus::new(object, status, true));
    }

    /// Says on each object in force whose newest version was refused, that an older one is in force.
    fn mark_last_good(&mut self, index: &Index) {
        let refused = index.problems.iter().filter(|problem| problem.severity == Severity::Error);
        let refused: BTreeMap<(&str, &str, &str), &Problem> =
            refused.map(|p| ((p.kind.as_str(), p.namespace.as_str(), p.name.as_str()), p)).collect();
        for object in &mut self.objects {
            let id = (object.id.kind.as_str(), object.id.namespace.as_str(), object.id.name.as_str());
            if let Some(problem) = refused.get(&id).filter(|_| object.valid) {
                status::mark_last_good(&mut object.status, &problem.message);
            }
        }
    }

    fn add_group(&mut self, target: &ObjectKey, group: TriggerRoute) {
        let route = self.table.routes.get_mut(target).expect("a group is added to a target that is in force");
        Arc::make_mut(route).triggers.push(Arc::new(group));
    }
}
