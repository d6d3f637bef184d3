//! Kinds as people type them.

use crate::error::CliError;
use serde_json::Value;

/// The kinds of this version, and their short names.
const KINDS: [(&str, &str); 11] = [
    ("Broker", "br"),
    ("Trigger", "tr"),
    ("Channel", "ch"),
    ("Subscription", "sub"),
    ("InMemoryChannel", "imc"),
    ("Sequence", "seq"),
    ("Parallel", "par"),
    ("IntegrationSink", "is"),
    ("Service", "svc"),
    ("ConfigMap", "cm"),
    ("Secret", "sec"),
];

/// Which objects are meant.
#[derive(Debug)]
pub(super) struct Wanted {
    /// As typed, lower case; empty: all.
    kinds: Vec<String>,
    pub(super) name: Option<String>,
}

impl Wanted {
    pub(super) fn parse(kind: Option<&str>, name: Option<&str>) -> Result<Self, CliError> {
        let (kind, name) = match (kind.and_then(|kind| kind.split_once('/')), name) {
            (Some(_), Some(_)) => {
                return Err(CliError::Usage("KIND/NAME and a second NAME: one of them".to_owned()));
            }
            (Some((kind, name)), None) => (Some(kind), Some(name)),
            (None, name) => (kind, name),
        };
        let kinds =
            kind.map(|kind| kind.split(',').map(str::to_ascii_lowercase).collect()).unwrap_or_default();
        let all = kinds == ["all"];
        Ok(Self { kinds: if all { Vec::new() } else { kinds }, name: name.map(str::to_owned) })
    }

    /// A kind that nobody knows is a mistake, not an empty list.
    pub(super) fn check_kinds(&self, objects: &[Value]) -> Result<(), CliError> {
        let known = |typed: &String| {
            KINDS.iter().any(|(kind, _)| is_kind(typed, kind))
                || objects.iter().any(|object| is_kind(typed, kind_of(object)))
        };
        match self.kinds.iter().find(|typed| !known(typed)) {
            Some(unknown) => {
                let kinds =
                    KINDS.map(|(kind, short)| format!("{} ({short})", kind.to_lowercase())).join(", ");
                Err(CliError::Usage(format!("there is no kind `{unknown}`; there are {kinds}")))
            }
            None => Ok(()),
        }
    }

    pub(super) fn takes(&self, object: &Value) -> bool {
        let kind_fits =
            self.kinds.is_empty() || self.kinds.iter().any(|typed| is_kind(typed, kind_of(object)));
        kind_fits && self.name.as_deref().is_none_or(|name| object["metadata"]["name"] == name)
    }

    pub(super) fn is_one_kind(&self) -> bool {
        self.kinds.len() == 1
    }

    /// The kinds as they were typed.
    pub(super) fn kinds(&self) -> String {
        if self.kinds.is_empty() { "object".to_owned() } else { self.kinds.join(",") }
    }
}

pub(super) fn kind_of(object: &Value) -> &str {
    object["kind"].as_str().unwrap_or_default()
}

/// `trigger.eventing.knative.dev/bill`; kinds without a group have none here either.
pub(super) fn qualified_name(object: &Value) -> String {
    let kind = kind_of(object).to_lowercase();
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    match object["apiVersion"].as_str().and_then(|version| version.split_once('/')) {
        Some((group, _)) => format!("{kind}.{group}/{name}"),
        None => format!("{kind}/{name}"),
    }
}

/// Singular, plural, short, or with the group behind it.
fn is_kind(typed: &str, kind: &str) -> bool {
    let typed = typed.split('.').next().unwrap_or_default();
    let singular = kind.to_lowercase();
    typed == singular
        || typed.strip_suffix('s') == Some(&singular)
        || KINDS.iter().any(|(known, short)| *known == kind && *short == typed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn takes(typed: &str, kind: &str) -> bool {
        Wanted::parse(Some(typed), None).unwrap().takes(&json!({ "kind": kind }))
    }

    #[test]
    fn kinds_have_long_short_and_plural_names() {
        for typed in ["trigger", "Triggers", "tr", "triggers.eventing.knative.dev", "br,tr", "all"] {
            assert!(takes(typed, "Trigger"), "{typed}");
        }
        assert!(!takes("br", "Trigger"));
        let unknown = Wanted::parse(Some("pods"), None).unwrap().check_kinds(&[]).unwrap_err();
        assert!(
            unknown.to_string().contains("`pods`") && unknown.to_string().contains("broker (br)"),
            "{unknown}"
        );
    }

    #[test]
    fn a_name_may_stand_behind_its_kind() {
        let wanted = Wanted::parse(Some("br/shop"), None).unwrap();
        assert!(wanted.takes(&json!({ "kind": "Broker", "metadata": { "name": "shop" } })));
        assert!(!wanted.takes(&json!({ "kind": "Broker", "metadata": { "name": "other" } })));
        assert!(Wanted::parse(Some("br/shop"), Some("other")).is_err());
    }

    #[test]
    fn names_carry_kind_and_group() {
        let object = json!({ "apiVersion": "eventing.knative.dev/v1", "kind": "Trigger", "metadata": { "name": "bill" } });
        assert_eq!(qualified_name(&object), "trigger.eventing.knative.dev/bill");
        let plain = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "key" } });
        assert_eq!(qualified_name(&plain), "secret/key");
    }
}
