//! `v1` Secret.

use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::fmt;

/// Credentials that other objects refer to.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Secret {
    /// Keys and values in base64.
    pub data: BTreeMap<String, String>,
    /// Keys and values as they are; they win over `data`.
    pub string_data: BTreeMap<String, String>,
    /// No meaning here.
    pub immutable: IgnoredAny,
    /// `kubernetes.io/tls`: it holds `tls.crt` and `tls.key`. Other types have no meaning here.
    #[serde(rename = "type")]
    pub ty: Option<String>,
}

impl fmt::Debug for Secret {
    /// The keys; never a value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.data.keys().chain(self.string_data.keys())).finish()
    }
}
