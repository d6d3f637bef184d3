//! Manifests for the real program.

/// The type of the events that are sent.
pub(crate) const TYPE: &str = "com.example.bench";

/// A Broker in the namespace `default`.
pub(crate) fn broker(name: &str) -> String {
    format!("---\napiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata:\n  name: {name}\n")
}

/// A Trigger for events whose type is exactly `ty`.
pub(crate) fn trigger(name: &str, broker: &str, ty: &str, uri: &str) -> String {
    format!(
        "---\napiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata:\n  name: {name}\nspec:\n  \
         broker: {broker}\n  filter:\n    attributes:\n      type: {ty}\n  subscriber:\n    uri: {uri}\n"
    )
}

/// A Sequence of these steps in the namespace `default`.
pub(crate) fn sequence(name: &str, steps: &[&str]) -> String {
    let steps: String = steps.iter().map(|uri| format!("  - uri: {uri}\n")).collect();
    format!(
        "---\napiVersion: flows.knative.dev/v1\nkind: Sequence\nmetadata:\n  name: {name}\nspec:\n  steps:\n{steps}"
    )
}

/// The same Trigger, paused.
pub(crate) fn paused(trigger: &str) -> String {
    trigger.replacen("metadata:\n", "metadata:\n  annotations:\n    sluice.dev/paused: \"true\"\n", 1)
}
