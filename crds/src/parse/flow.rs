//! A Sequence or Parallel, alone.

use super::{Delivery, Destination, channel, delivery, destination};
use crate::annotations::{self, TargetSettings, TriggerSettings};
use crate::api::{self, DeliverySpec, Metadata, ParallelBranch, ParallelSpec, SequenceSpec, SequenceStep};
use crate::class::Class;
use crate::report::Report;
use crate::{Object, field_path, item_path};

/// What a flow says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Flow {
    pub(crate) uid: Option<String>,
    /// What `channelTemplate` chooses.
    pub(crate) template: Class,
    pub(crate) settings: TargetSettings,
    /// Of each of its groups.
    pub(crate) group_settings: TriggerSettings,
    pub(crate) parts: Parts,
    pub(crate) reply: Option<Destination>,
}

/// What a flow consists of, one at least.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Parts {
    /// Of a Sequence: one after the other.
    Steps(Vec<Step>),
    /// Of a Parallel: side by side.
    Branches(Vec<Branch>),
}

/// A step of a Sequence.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) to: Destination,
    pub(crate) delivery: Option<Delivery>,
}

/// A branch of a Parallel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Branch {
    pub(crate) filter: Option<Destination>,
    pub(crate) subscriber: Destination,
    pub(crate) reply: Option<Destination>,
    pub(crate) delivery: Option<Delivery>,
}

/// Reads what stands in one object.
struct Reader<'r, 'o> {
    namespace: &'r str,
    report: &'r mut Report<'o>,
}

pub(super) fn parse_sequence(
    object: &Object,
    metadata: &Metadata,
    spec: &SequenceSpec,
    report: &mut Report<'_>,
) -> Option<Flow> {
    let (settings, group_settings) = annotations::of_flow(&metadata.annotations, report);
    let template = template(spec.channel_template.as_ref(), report);
    if spec.steps.is_empty() {
        report.error("spec", "`steps` is missing: name one sink at least");
    }
    let mut reader = Reader { namespace: &object.id.namespace, report };
    let steps = reader.each("spec.steps", &spec.steps, Reader::step);
    let reply = reader.optional(spec.reply.as_ref(), "spec", "reply");
    let (template, parts, reply) = (template?, Parts::Steps(steps?), reply?);
    Some(Flow { uid: metadata.uid.clone(), template, settings, group_settings, parts, reply })
}

pub(super) fn parse_parallel(
    object: &Object,
    metadata: &Metadata,
    spec: &ParallelSpec,
    report: &mut Report<'_>,
) -> Option<Flow> {
    let (settings, group_settings) = annotations::of_flow(&metadata.annotations, report);
    let template = template(spec.channel_template.as_ref(), report);
    if spec.branches.is_empty() {
        report.error("spec", "`branches` is missing: name one subscriber at least");
    }
    let mut reader = Reader { namespace: &object.id.namespace, report };
    let branches = reader.each("spec.branches", &spec.branches, Reader::branch);
    let reply = reader.optional(spec.reply.as_ref(), "spec", "reply");
    let (template, parts, reply) = (template?, Parts::Branches(branches?), reply?);
    Some(Flow { uid: metadata.uid.clone(), template, settings, group_settings, parts, reply })
}

fn template(spec: Option<&api::ChannelTemplate>, report: &mut Report<'_>) -> Option<Class> {
    match spec {
        None => Some(Class::Default),
        Some(spec) => channel::template(spec, "spec.channelTemplate", report),
    }
}

impl Reader<'_, '_> {
    /// Reads every item, also behind one that is wrong.
    fn each<S, T>(
        &mut self,
        list: &str,
        specs: &[S],
        read: impl Fn(&mut Self, &S, &str) -> Option<T>,
    ) -> Option<Vec<T>> {
        let read: Vec<Option<T>> =
            specs.iter().enumerate().map(|(n, spec)| read(self, spec, &item_path(list, n))).collect();
        read.into_iter().collect()
    }

    fn step(&mut self, spec: &SequenceStep, field: &str) -> Option<Step> {
        let to = destination::parse(&spec.destination(), field, self.namespace, self.report);
        let delivery = self.delivery(spec.delivery.as_ref(), field);
        Some(Step { to: to?, delivery: delivery? })
    }

    fn branch(&mut self, spec: &ParallelBranch, field: &str) -> Option<Branch> {
        let filter = self.optional(spec.filter.as_ref(), field, "filter");
        let subscriber = self.optional(spec.subscriber.as_ref(), field, "subscriber");
        if subscriber == Some(None) {
            self.report.error(field, "`subscriber` is missing: say who gets the events");
        }
        let reply = self.optional(spec.reply.as_ref(), field, "reply");
        let delivery = self.delivery(spec.delivery.as_ref(), field);
        Some(Branch { filter: filter?, subscriber: subscriber??, reply: reply?, delivery: delivery? })
    }

    /// The inner `None`: left out. The outer: something is wrong.
    fn optional(
        &mut self,
        spec: Option<&api::Destination>,
        parent: &str,
        name: &str,
    ) -> Option<Option<Destination>> {
        // An empty one is refused, as by Knative: a filter with only an unknown field would let everything pass.
        let Some(spec) = spec else { return Some(None) };
        destination::parse(spec, &field_path(parent, name), self.namespace, self.report).map(Some)
    }

    fn delivery(&mut self, spec: Option<&DeliverySpec>, parent: &str) -> Option<Option<Delivery>> {
        let Some(spec) = spec else { return Some(None) };
        delivery::parse(spec, &field_path(parent, "delivery"), self.namespace, self.report).map(Some)
    }
}
