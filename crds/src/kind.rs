//! Which kinds are understood.

use crate::nearest;

/// A kind that is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Broker,
    Trigger,
    Channel,
    InMemoryChannel,
    Subscription,
    Sequence,
    Parallel,
    IntegrationSink,
    ConfigMap,
    Secret,
    Service,
}

impl Kind {
    /// True where annotations of ours belong.
    pub(crate) fn has_annotations(self) -> bool {
        match self {
            Self::Broker
            | Self::Trigger
            | Self::Channel
            | Self::InMemoryChannel
            | Self::Subscription
            | Self::Sequence
            | Self::Parallel => true,
            Self::IntegrationSink | Self::ConfigMap | Self::Secret | Self::Service => false,
        }
    }
}

/// `apiVersion` and kind of everything that is compiled.
const KNOWN: [(&str, &str, Kind); 11] = [
    ("eventing.knative.dev/v1", "Broker", Kind::Broker),
    ("eventing.knative.dev/v1", "Trigger", Kind::Trigger),
    ("messaging.knative.dev/v1", "Channel", Kind::Channel),
    ("messaging.knative.dev/v1", "InMemoryChannel", Kind::InMemoryChannel),
    ("messaging.knative.dev/v1", "Subscription", Kind::Subscription),
    ("flows.knative.dev/v1", "Sequence", Kind::Sequence),
    ("flows.knative.dev/v1", "Parallel", Kind::Parallel),
    ("sinks.knative.dev/v1alpha1", "IntegrationSink", Kind::IntegrationSink),
    ("v1", "ConfigMap", Kind::ConfigMap),
    ("v1", "Secret", Kind::Secret),
    ("v1", "Service", Kind::Service),
];

/// Kinds of Knative's that are recognised and not compiled yet.
const LATER: [&str; 17] = [
    "ApiServerSource",
    "ContainerSource",
    "EventPolicy",
    "EventTransform",
    "EventType",
    "GitHubSource",
    "IntegrationSource",
    "JobSink",
    "KafkaChannel",
    "KafkaSink",
    "KafkaSource",
    "NatsJetStreamChannel",
    "PingSource",
    "RabbitmqBrokerConfig",
    "RabbitmqSource",
    "RequestReply",
    "SinkBinding",
];

/// What a document is to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Recognised {
    /// Compiled.
    Known(Kind),
    /// Knative's, and worth a warning: the field it is about, and the warning.
    NotTaken(&'static str, String),
    /// A known kind in a version that is not served: an error.
    WrongVersion(String),
    /// Somebody else's: skipped and counted.
    Unknown,
}

pub(crate) fn recognise(api_version: &str, kind: &str) -> Recognised {
    if let Some((_, _, known)) = KNOWN.iter().find(|(v, k, _)| (*v, *k) == (api_version, kind)) {
        return Recognised::Known(*known);
    }
    let group = group_of(api_version);
    if let Some((version, ..)) = KNOWN.iter().find(|(v, k, _)| (group_of(v), *k) == (group, kind)) {
        return Recognised::WrongVersion(format!(
            "version `{api_version}` is not understood: write `{version}`"
        ));
    }
    if is_eventing(group) {
        return not_taken(group, kind);
    }
    match KNOWN.iter().find(|(v, k, _)| !group_of(v).is_empty() && *k == kind) {
        Some((version, ..)) => Recognised::NotTaken(
            "apiVersion",
            format!("a {kind} of ours has `{version}`: this one is skipped"),
        ),
        None => Recognised::Unknown,
    }
}

/// The `apiVersion` of a kind that a reference names by its group alone; the group for kinds that are not ours.
pub(crate) fn version_of<'a>(group: &'a str, kind: &str) -> &'a str {
    KNOWN.iter().find(|(v, k, _)| (group_of(v), *k) == (group, kind)).map_or(group, |(version, ..)| version)
}

/// True when `apiVersion` and kind name this kind.
pub(crate) fn is(api_version: &str, kind: &str, wanted: Kind) -> bool {
    recognise(api_version, kind) == Recognised::Known(wanted)
}

/// True for kinds that take events inside this mesh.
pub(crate) fn is_target(api_version: &str, kind: &str) -> bool {
    matches!(
        recognise(api_version, kind),
        Recognised::Known(
            Kind::Broker | Kind::Channel | Kind::InMemoryChannel | Kind::Sequence | Kind::Parallel
        )
    )
}

fn not_taken(group: &str, kind: &str) -> Recognised {
    if LATER.contains(&kind) {
        return Recognised::NotTaken(
            "kind",
            format!("{kind} is not supported by this version yet: it is skipped"),
        );
    }
    let names = KNOWN.iter().map(|(_, k, _)| *k).chain(LATER);
    let hint = nearest::hint(kind, names);
    Recognised::NotTaken("kind", format!("`{group}` has no kind `{kind}`: it is skipped{hint}"))
}

fn is_eventing(group: &str) -> bool {
    let first = group.strip_suffix(".knative.dev").unwrap_or_default();
    matches!(first, "eventing" | "messaging" | "flows" | "sources" | "sinks" | "bindings")
}

/// The group of `group/version`; the core group is empty.
fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(api_version: &str, kind: &str) -> String {
        match recognise(api_version, kind) {
            Recognised::NotTaken(_, message) | Recognised::WrongVersion(message) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn kinds_are_ours_later_ones_or_somebody_elses() {
        assert_eq!(recognise("v1", "Service"), Recognised::Known(Kind::Service));
        assert_eq!(recognise("serving.knative.dev/v1", "Service"), Recognised::Unknown);
        assert_eq!(recognise("apps/v1", "Deployment"), Recognised::Unknown);
        assert!(
            warning("sources.knative.dev/v1", "SinkBinding").contains("not supported by this version yet")
        );
        assert!(warning("eventing.knative.dev/v1", "Triger").contains("did you mean `Trigger`?"));
        assert!(
            warning("eventing.knative.dev/v1beta1", "Trigger").contains("write `eventing.knative.dev/v1`")
        );
        assert!(warning("v1", "Broker").contains("`eventing.knative.dev/v1`"));
    }
}
