//! The client's side of TLS.

use crate::{Identity, provider};
use rustls::client::ResolvesClientCert;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// The system's roots. Reads files, and may take some milliseconds; without any it warns.
#[must_use]
pub fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "a root certificate of the system could not be read");
    }
    roots.add_parsable_certificates(system.certs);
    roots
}

/// What a client needs to speak TLS 1.2 or 1.3: whom it trusts, and what it shows when it is asked who it is.
#[must_use]
pub fn client(roots: Arc<RootCertStore>, identity: Option<&Identity>) -> ClientConfig {
    let trusting = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("the provider knows TLS 1.2 and 1.3")
        .with_root_certificates(roots);
    match identity {
        None => trusting.with_no_client_auth(),
        Some(identity) => {
            let shown: Arc<dyn ResolvesClientCert> = Arc::new(SingleCertAndKey::from(identity.certified()));
            trusting.with_client_cert_resolver(shown)
        }
    }
}
