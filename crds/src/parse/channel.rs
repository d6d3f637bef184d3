//! A Channel or InMemoryChannel, alone.

use super::{Delivery, delivery};
use crate::annotations::{self, SCOPE, TargetSettings};
use crate::api::{ChannelSpec, ChannelTemplate, InMemoryChannelSpec, Metadata};
use crate::class::{self, Class};
use crate::report::Report;
use crate::{Object, field_path};

/// What a channel says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Channel {
    pub(crate) uid: Option<String>,
    /// What `channelTemplate` chooses.
    pub(crate) template: Class,
    pub(crate) settings: TargetSettings,
    pub(crate) delivery: Option<Delivery>,
}

pub(super) fn parse(
    object: &Object,
    metadata: &Metadata,
    spec: &ChannelSpec,
    report: &mut Report<'_>,
) -> Option<Channel> {
    if spec.subscribers.as_ref().is_some_and(|subscribers| !subscribers.is_empty()) {
        report.error("spec.subscribers", "must be left out: write a Subscription for each of them");
    }
    let settings = annotations::of_target(&metadata.annotations, report);
    let template = match &spec.channel_template {
        None => Some(Class::Default),
        Some(spec) => template(spec, "spec.channelTemplate", report),
    };
    let namespace = &object.id.namespace;
    let delivery =
        spec.delivery.as_ref().and_then(|spec| delivery::parse(spec, "spec.delivery", namespace, report));
    Some(Channel { uid: metadata.uid.clone(), template: template?, settings, delivery })
}

pub(super) fn parse_in_memory(
    object: &Object,
    metadata: &Metadata,
    spec: InMemoryChannelSpec,
    report: &mut Report<'_>,
) -> Option<Channel> {
    if let Some(scope) = metadata.annotations.get(SCOPE)
        && !matches!(scope.as_str(), "cluster" | "namespace")
    {
        let wrong = format!("`{}` is not `cluster` or `namespace`", scope.escape_debug());
        report.error(annotations::field(SCOPE), wrong);
    }
    let spec = ChannelSpec { delivery: spec.delivery, ..ChannelSpec::default() };
    parse(object, metadata, &spec, report)
}

/// Which backend a channel template chooses.
pub(super) fn template(spec: &ChannelTemplate, field: &str, report: &mut Report<'_>) -> Option<Class> {
    let mut required = |value: &Option<String>, name: &str| {
        let value = value.clone().filter(|value| !value.is_empty());
        if value.is_none() {
            report.error(field, format!("`{name}` is missing"));
        }
        value
    };
    let (version, kind) = (required(&spec.api_version, "apiVersion"), required(&spec.kind, "kind"));
    let (version, kind) = (version?, kind?);
    let chosen = match version.starts_with("messaging.knative.dev/") {
        true => class::of_template(&kind),
        false => Err(format!("`{}` is no version of `messaging.knative.dev`", version.escape_debug())),
    };
    report.take(&field_path(field, "kind"), chosen)
}
