//! Who a Trigger or Subscription is to its sinks: `sluice.dev/client-certificate`.

use super::neighbours::Neighbours;
use super::sink::Resolved;
use crate::annotations::{self, CLIENT_CERTIFICATE, TriggerSettings};
use crate::report::Report;
use crate::{Object, ObjectId};
use broker_core::{ClientCertificate, HttpSink, Sink};
use std::sync::Arc;

/// What it shows its sinks, if it has anything to show. `Err`: it should have, and was reported.
pub(super) fn of(
    object: &Object,
    settings: &TriggerSettings,
    neighbours: &Neighbours<'_>,
    report: &mut Report<'_>,
) -> Result<Option<Arc<ClientCertificate>>, ()> {
    let Some(secret) = &settings.client_certificate else { return Ok(None) };
    let own = of_secret(&object.id.namespace, secret, neighbours);
    report.take(&annotations::field(CLIENT_CERTIFICATE), own).map(Some).ok_or(())
}

/// The certificate in a Secret. `Err`: what is wrong with it, by the Secret's key, and what to do.
fn of_secret(
    namespace: &str,
    name: &str,
    neighbours: &Neighbours<'_>,
) -> Result<Arc<ClientCertificate>, String> {
    let id = ObjectId { kind: "Secret".to_owned(), namespace: namespace.to_owned(), name: name.to_owned() };
    match neighbours.secrets.get(&id) {
        Some(secret) => secret
            .client_certificate()
            .map_err(|(key, why)| format!("`{key}` of Secret `{namespace}/{name}` {why}")),
        None if neighbours.broken.contains(&id) => {
            Err(format!("Secret `{namespace}/{name}` is not in force: see its own problem"))
        }
        None => Err(format!(
            "there is no Secret `{namespace}/{name}`: add one of type `kubernetes.io/tls` to the manifests, or correct the name"
        )),
    }
}

/// The sink, with what is shown to it when it asks.
pub(super) fn shown_to(resolved: &Resolved, own: Option<&Arc<ClientCertificate>>) -> Sink {
    match (&resolved.sink, own) {
        (Sink::Http(http), Some(own)) => {
            let own = Some(own.clone());
            Sink::Http(Arc::new(HttpSink { client_certificate: own, ..HttpSink::clone(http) }))
        }
        (sink, _) => sink.clone(),
    }
}
