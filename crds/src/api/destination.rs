//! Where events are sent: an object, a URL, or a path at an object.

use serde::{Deserialize, Serialize};

/// Who gets events. `ref`, an absolute `uri`, or both with a relative `uri`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Destination {
    /// An object that takes events.
    #[serde(rename = "ref")]
    pub reference: Option<KReference>,
    /// An absolute URL; with `ref` a relative one, resolved against the object's address.
    pub uri: Option<String>,
    /// PEM roots that are trusted in addition for this destination.
    #[serde(rename = "CACerts")]
    pub ca_certs: Option<String>,
    /// OIDC audience of the destination.
    pub audience: Option<String>,
}

/// A reference to an object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct KReference {
    /// Kind of the object.
    pub kind: Option<String>,
    /// Its namespace; that of the referring object when left out.
    pub namespace: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its `group/version`.
    pub api_version: Option<String>,
    /// Its group, instead of `apiVersion`.
    pub group: Option<String>,
    /// Which one of several addresses of the object is meant.
    pub address: Option<String>,
}
