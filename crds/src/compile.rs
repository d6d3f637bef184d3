//! From what was declared to what the data plane obeys.

use crate::{Index, ObjectId, Problem};
use broker_core::{Capabilities, RoutingTable};
use std::collections::BTreeMap;

/// What compile needs to know that is in no manifest.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `--channel`: the backend of Brokers that choose none.
    pub default_backend: String,
    /// The backends of this process and what they can do.
    pub backends: BTreeMap<String, Capabilities>,
    /// `--resolve KIND/NS/NAME=URL`.
    pub resolve: BTreeMap<ObjectId, String>,
    /// Base of Broker addresses, for example `http://127.0.0.1:8080`.
    pub base_url: String,
}

/// The outcome of [`compile`].
#[derive(Clone, Debug, Default)]
pub struct Compiled {
    /// What the data plane obeys.
    pub table: RoutingTable,
    /// What is wrong, errors and warnings.
    pub problems: Vec<Problem>,
    /// Every object of a known kind with the status that compile can tell.
    pub objects: Vec<ObjectStatus>,
}

/// An object as declared, with the static half of its status.
#[derive(Clone, Debug)]
pub struct ObjectStatus {
    /// Who it is.
    pub id: ObjectId,
    /// The document as it was declared (the last good version if the newest is broken), without `status`.
    pub manifest: serde_json::Value,
    /// `status` as Kubernetes would show it, as far as compile knows: `conditions`, `address`,
    /// `subscriberUri`, `deadLetterSinkUri`. Live conditions are merged by the admin room.
    pub status: serde_json::Value,
    /// False when the object is not in force.
    pub valid: bool,
}

/// Compiles everything anew. Pure; a broken object never breaks its neighbours.
#[must_use]
pub fn compile(_index: &Index, _settings: &Settings) -> Compiled {
    Compiled::default()
}
