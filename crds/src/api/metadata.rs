//! `metadata`, as far as it means something here.

use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// `metadata`. Fields that only a server writes are accepted and ignored.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata {
    /// Who the object is, in its namespace.
    pub name: String,
    /// `default` when left out.
    pub namespace: String,
    /// Given by the API server; absent in files.
    pub uid: Option<String>,
    /// Version of `spec`, given by the API server.
    pub generation: Option<i64>,
    /// Settings of ours, and of others.
    pub annotations: BTreeMap<String, String>,
    /// No meaning here.
    pub labels: BTreeMap<String, String>,
    /// Ignored: the server's.
    pub creation_timestamp: IgnoredAny,
    /// Ignored: the server's.
    pub deletion_grace_period_seconds: IgnoredAny,
    /// Ignored: the server's.
    pub deletion_timestamp: IgnoredAny,
    /// Ignored: the server's.
    pub finalizers: IgnoredAny,
    /// Ignored: the server's.
    pub generate_name: IgnoredAny,
    /// Ignored: the server's.
    pub managed_fields: IgnoredAny,
    /// Ignored: the server's.
    pub owner_references: IgnoredAny,
    /// Ignored: the server's.
    pub resource_version: IgnoredAny,
    /// Ignored: the server's.
    pub self_link: IgnoredAny,
}
