//! `v1` Service.

use serde::Deserialize;

/// A name for a host. Only what leads to an address is read; the other fields belong to Kubernetes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceSpec {
    /// `ExternalName` can be resolved without a cluster, the others cannot.
    #[serde(rename = "type")]
    pub ty: Option<String>,
    /// The host behind an `ExternalName`.
    pub external_name: Option<String>,
    /// With one port that port is used, else the scheme's.
    pub ports: Vec<ServicePort>,
}

/// A port of a Service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ServicePort {
    /// The number.
    pub port: u16,
}
