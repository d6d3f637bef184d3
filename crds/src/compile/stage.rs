//! What a flow consists of: each stage is a group of the flow's channel.
//!
//! ```text
//!   Sequence   ▶ step-1 ─▶ step-2 ─▶ reply          Parallel   ▶ branch-1 ─▶ branch-1/reply
//!                                                              ▶ branch-2/filter ─▶ branch-2 ─▶ branch-2/reply
//! ```

use crate::parse::{Branch, Delivery, Destination, Flow, Parts, Step};
use crate::{field_path, item_path};
use broker_core::{GroupName, ObjectKey, ReplyTo};

/// A group of a flow, before anybody looks whether its destination is there.
pub(super) struct Stage<'a> {
    pub(super) group: GroupName,
    pub(super) role: Role,
    /// Events that come in go here.
    pub(super) is_first: bool,
    pub(super) to: &'a Destination,
    pub(super) reply: Option<ReplyTo>,
    pub(super) delivery: Option<&'a Delivery>,
    /// Where it stands in the manifest.
    pub(super) field: String,
    /// Where its `delivery` stands.
    pub(super) delivery_field: String,
}

/// What a stage does for its flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A step of a Sequence.
    Step,
    /// Decides whether an event goes on in its branch.
    Filter,
    /// Gets the events of a branch.
    Subscriber,
    /// Gets what the stage before it answered.
    Reply,
}

/// The stages of a flow, in the order of the manifest.
pub(super) fn stages<'a>(flow: &'a Flow, key: &ObjectKey) -> Vec<Stage<'a>> {
    match &flow.parts {
        Parts::Steps(steps) => of_steps(steps, flow.reply.as_ref(), key),
        Parts::Branches(branches) => branches
            .iter()
            .enumerate()
            .flat_map(|(n, branch)| of_branch(n, branch, flow.reply.as_ref(), key))
            .collect(),
    }
}

fn of_steps<'a>(steps: &'a [Step], reply: Option<&'a Destination>, key: &ObjectKey) -> Vec<Stage<'a>> {
    let name = |n: usize| GroupName::of_flow(key, &format!("step-{}", n + 1));
    let answers = GroupName::of_flow(key, "reply");
    let last = steps.len().saturating_sub(1);
    let stage = |(n, step): (usize, &'a Step)| {
        let field = item_path("spec.steps", n);
        Stage {
            group: name(n),
            role: Role::Step,
            is_first: n == 0,
            to: &step.to,
            reply: Some(match reply {
                _ if n < last => ReplyTo::Group(name(n + 1)),
                Some(_) => ReplyTo::Group(answers.clone()),
                None => ReplyTo::Nobody,
            }),
            delivery: step.delivery.as_ref(),
            delivery_field: field_path(&field, "delivery"),
            field,
        }
    };
    let mut stages: Vec<Stage<'a>> = steps.iter().enumerate().map(stage).collect();
    let last = stages.last().zip(reply).map(|(last, to)| last.reply_stage(to, answers.clone(), "spec.reply"));
    stages.extend(last);
    stages
}

fn of_branch<'a>(
    n: usize,
    branch: &'a Branch,
    reply: Option<&'a Destination>,
    key: &ObjectKey,
) -> Vec<Stage<'a>> {
    let group = GroupName::of_flow(key, &format!("branch-{}", n + 1));
    let field = item_path("spec.branches", n);
    let answers = match (&branch.reply, reply) {
        (Some(own), _) => Some((own, field_path(&field, "reply"))),
        (None, Some(of_flow)) => Some((of_flow, "spec.reply".to_owned())),
        (None, None) => None,
    };
    let filter = branch.filter.as_ref().map(|to| Stage {
        group: group.part("filter"),
        role: Role::Filter,
        is_first: true,
        to,
        reply: Some(ReplyTo::Group(group.clone())),
        // As in Knative: a branch's `delivery` is about its subscriber.
        delivery: None,
        field: field_path(&field, "filter"),
        delivery_field: String::new(),
    });
    let subscriber = Stage {
        group: group.clone(),
        role: Role::Subscriber,
        is_first: filter.is_none(),
        to: &branch.subscriber,
        reply: Some(match &answers {
            Some(_) => ReplyTo::Group(group.reply()),
            None => ReplyTo::Nobody,
        }),
        delivery: branch.delivery.as_ref(),
        field: field_path(&field, "subscriber"),
        delivery_field: field_path(&field, "delivery"),
    };
    let reply = answers.map(|(to, field)| subscriber.reply_stage(to, group.reply(), &field));
    filter.into_iter().chain([subscriber]).chain(reply).collect()
}

impl<'a> Stage<'a> {
    /// The stage behind this one that gets its answers; they are delivered as its events are.
    fn reply_stage(&self, to: &'a Destination, group: GroupName, field: &str) -> Self {
        Stage {
            group,
            role: Role::Reply,
            is_first: false,
            to,
            reply: None,
            delivery: self.delivery,
            field: field.to_owned(),
            delivery_field: self.delivery_field.clone(),
        }
    }
}
