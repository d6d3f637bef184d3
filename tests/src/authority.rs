//! Certificates for a story.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio_rustls::TlsAcceptor;

/// Issues certificates.
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in PEM.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate.
    pub chain: String,
    /// Its key.
    pub key: String,
}

impl Authority {
    /// A new one, unknown to everybody.
    ///
    /// # Panics
    /// When there is no randomness.
    #[must_use]
    pub fn new() -> Self {
        static BORN: AtomicU32 = AtomicU32::new(0);
        let mut params = CertificateParams::default();
        // An issuer is found by its name: two of one name would be one with a wrong key.
        let name = format!("Authority {}", BORN.fetch_add(1, Ordering::Relaxed));
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, key()).expect("a certificate"))
    }

    /// Its own certificate.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for `name`.
    #[must_use]
    pub fn issue(&self, name: &str) -> Identity {
        self.valid(name, 2020, 2120)
    }

    /// A certificate for `name` that is valid from the beginning of one year to that of another.
    ///
    /// # Panics
    /// When `name` is none.
    #[must_use]
    pub fn valid(&self, name: &str, from: i32, to: i32) -> Identity {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
        let key = key();
        let chain = params.signed_by(&key, &self.0).expect("a certificate").pem();
        Identity { chain, key: key.serialize_pem() }
    }

    pub(crate) fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).expect("a root");
        Arc::new(roots)
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Identity {
    /// A server with this certificate; with `clients` it wants one of that authority.
    pub(crate) fn acceptor(&self, clients: Option<&Authority>) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .expect("versions");
        let config = match clients {
            None => config.with_no_client_auth(),
            Some(authority) => {
                let verifier = WebPkiClientVerifier::builder_with_provider(authority.roots(), provider);
                config.with_client_cert_verifier(verifier.build().expect("a root"))
            }
        };
        let config = config.with_single_cert(self.certificates(), self.private_key());
        TlsAcceptor::from(Arc::new(config.expect("a pair")))
    }

    pub(crate) fn certificates(&self) -> Vec<CertificateDer<'static>> {
        vec![CertificateDer::from_pem_slice(self.chain.as_bytes()).expect("a certificate")]
    }

    pub(crate) fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(self.key.as_bytes()).expect("a key")
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}
