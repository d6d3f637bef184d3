//! `v1` ConfigMap.

use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// Settings that a Broker refers to by `spec.config`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConfigMap {
    /// Keys and values.
    pub data: BTreeMap<String, String>,
    /// No meaning here.
    pub binary_data: IgnoredAny,
    /// No meaning here.
    pub immutable: IgnoredAny,
}
