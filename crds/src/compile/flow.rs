//! Sequences and Parallels among their neighbours.

use super::neighbours::{DeadLetterSink, Neighbours, TargetInForce};
use super::sink::{self, Resolved, target_address};
use super::stage::{Role, Stage, stages};
use super::{Compiled, group};
use crate::Object;
use crate::field_path;
use crate::parse::{Flow, Parsed};
use crate::report::Report;
use crate::status::{self, ObjectStatus, StageStatus};
use broker_core::{DeliveryPolicy, TriggerRoute};
use filter::Filter;

/// Puts the stages of every flow into the table whose destinations are all there. A flow that leads nowhere takes no
/// events: nothing would wait for a stage that never was. What leads to it leads nowhere, too, so the rest is looked at
/// again until nothing falls away.
pub(super) fn compile_all(
    valid: &[(&Object, Parsed)],
    neighbours: &mut Neighbours<'_>,
    compiled: &mut Compiled,
) {
    let mut flows: Vec<(&Object, &Flow)> = valid
        .iter()
        .filter_map(|(object, parsed)| match parsed {
            Parsed::Flow(flow) if neighbours.in_force.contains_key(&object.id) => Some((*object, &**flow)),
            _ => None,
        })
        .collect();
    loop {
        let found: Vec<_> = flows.iter().map(|(object, flow)| find(object, flow, neighbours)).collect();
        if found.iter().all(|found| found.routes.is_some()) {
            for ((object, _), found) in flows.iter().zip(found) {
                put_in_force(object, found, neighbours, compiled);
            }
            return;
        }
        let mut rest = Vec::new();
        for ((object, flow), found) in flows.into_iter().zip(found) {
            match found.routes {
                Some(_) => rest.push((object, flow)),
                None => put_out_of_force(object, found, neighbours, compiled),
            }
        }
        flows = rest;
    }
}

/// What was found out about one flow.
struct Found<'a> {
    report: Report<'a>,
    /// The backend can do what is asked.
    capable: bool,
    /// `None`: something is missing, the report says what.
    routes: Option<Vec<TriggerRoute>>,
    stages: Vec<StageStatus>,
}

fn find<'a>(object: &'a Object, flow: &Flow, neighbours: &Neighbours<'_>) -> Found<'a> {
    let mut report = Report::new(object);
    let target = &neighbours.in_force[&object.id];
    let mut routes = Vec::new();
    let mut shown = Vec::new();
    for stage in stages(flow, &target.key) {
        let sink = sink::resolve(stage.to, neighbours);
        if let Err(why) = &sink {
            report.error(field_path(&stage.field, "ref"), why);
        }
        let dead_letter_sink = dead_letter_sink(&stage, neighbours, &mut report);
        routes.push(route(object, flow, &stage, &sink, &dead_letter_sink));
        shown.push(StageStatus { role: stage.role, sink, dead_letter_sink });
    }
    let capable = group::can_serve(&flow.group_settings, target, &mut report);
    let routes = routes.into_iter().collect::<Option<Vec<_>>>().filter(|_| capable);
    Found { report, routes, stages: shown, capable }
}

fn dead_letter_sink(
    stage: &Stage<'_>,
    neighbours: &Neighbours<'_>,
    report: &mut Report<'_>,
) -> DeadLetterSink {
    let wanted = stage.delivery.and_then(|delivery| delivery.dead_letter_sink.as_ref());
    match wanted.map(|wanted| sink::resolve(wanted, neighbours)) {
        None => DeadLetterSink::None,
        Some(Ok(resolved)) => DeadLetterSink::Resolved(resolved),
        Some(Err(why)) => {
            // A reply is delivered as what it answers, whose problem it is then.
            if stage.role != Role::Reply {
                let field = field_path(&stage.delivery_field, "deadLetterSink");
                report.error(field_path(&field, "ref"), &why);
            }
            DeadLetterSink::Unresolved(why)
        }
    }
}

fn route(
    object: &Object,
    flow: &Flow,
    stage: &Stage<'_>,
    sink: &Result<Resolved, String>,
    dead_letter_sink: &DeadLetterSink,
) -> Option<TriggerRoute> {
    let sink = sink.as_ref().ok()?.sink.clone();
    if matches!(dead_letter_sink, DeadLetterSink::Unresolved(_)) {
        return None;
    }
    let delivery = stage.delivery.map_or_else(DeliveryPolicy::default, |delivery| delivery.policy.clone());
    let filter = if stage.is_first { Filter::everything() } else { Filter::Any(Vec::new()) };
    Some(TriggerRoute {
        spec: group::spec(&stage.group, flow.uid.as_deref(), filter, &flow.group_settings, &delivery),
        group: stage.group.clone(),
        namespace: object.id.namespace.as_str().into(),
        sink,
        reply: stage.reply.clone(),
        step: true,
        delivery,
        dead_letter_sink: dead_letter_sink.resolved().map(|resolved| resolved.sink.clone()),
        handshake: false,
    })
}

fn put_in_force(object: &Object, found: Found<'_>, neighbours: &Neighbours<'_>, compiled: &mut Compiled) {
    let TargetInForce { key, .. } = &neighbours.in_force[&object.id];
    let url = target_address(neighbours.settings, key);
    let status = status::of_flow(object, &found.stages, Some(&url));
    compiled.objects.push(ObjectStatus::new(object, status, true));
    compiled.problems.extend(found.report.into_problems());
    for route in found.routes.into_iter().flatten() {
        compiled.add_group(key, route);
    }
}

fn put_out_of_force(
    object: &Object,
    found: Found<'_>,
    neighbours: &mut Neighbours<'_>,
    compiled: &mut Compiled,
) {
    if let Some(target) = neighbours.in_force.remove(&object.id) {
        compiled.table.routes.remove(&target.key);
    }
    neighbours.targets.remove(&object.id);
    neighbours.broken.insert(object.id.clone());
    let problems = found.report.into_problems();
    if found.capable {
        compiled.hold(object);
        let status = status::of_flow(object, &found.stages, None);
        compiled.objects.push(ObjectStatus::new(object, status, false));
    } else {
        compiled.refuse(object, &problems);
    }
    compiled.problems.extend(problems);
}
