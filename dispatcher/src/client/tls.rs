//! Whom we trust, and what is wrong when we do not.

use super::SendError;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The CA bundle cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the CA bundle holds no usable certificate: {0}; it must be PEM (`-----BEGIN CERTIFICATE-----`)")]
pub struct CaBundleError(String);

/// The roots of this process: the system's, read when they are first needed, and a bundle.
pub(crate) struct Trust {
    bundle: Vec<CertificateDer<'static>>,
    system: OnceCell<Arc<RootCertStore>>,
    /// For the sinks without roots of their own.
    shared: OnceCell<TlsConnector>,
}

impl Trust {
    /// The system's roots and those of `bundle` (PEM).
    pub(crate) fn new(bundle: Option<&[u8]>) -> Result<Self, CaBundleError> {
        let bundle = bundle.map_or_else(|| Ok(Vec::new()), certificates).map_err(CaBundleError)?;
        Ok(Self { bundle, system: OnceCell::new(), shared: OnceCell::new() })
    }

    /// What makes connections that trust the roots of the process and `ca_certs`.
    pub(super) async fn connector(&self, ca_certs: Option<&str>) -> Result<TlsConnector, SendError> {
        let roots = self.system.get_or_init(|| self.load()).await;
        let Some(pem) = ca_certs else {
            return self.shared.get_or_try_init(async || configure(roots.clone())).await.cloned();
        };
        let own = certificates(pem.as_bytes())
            .map_err(|e| SendError::Tls(format!("the sink's `CACerts` hold no usable certificate: {e}")))?;
        let mut roots = RootCertStore::clone(roots);
        roots.add_parsable_certificates(own);
        configure(Arc::new(roots))
    }

    async fn load(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        let system = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await;
        let system = system.unwrap_or_default();
        for error in &system.errors {
            tracing::warn!(%error, "a root certificate of the system could not be read");
        }
        roots.add_parsable_certificates(system.certs);
        roots.add_parsable_certificates(self.bundle.iter().cloned());
        if roots.is_empty() {
            tracing::warn!("no root certificates were found: https sinks need `--ca-bundle` or `CACerts`");
        }
        Arc::new(roots)
    }
}

/// The certificates in a PEM text, at least one.
fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|e| format!("it is not PEM ({e})"))?;
    for (index, certificate) in certificates.iter().enumerate() {
        let usable = RootCertStore::empty().add(certificate.clone());
        usable.map_err(|e| format!("certificate {} is damaged ({e})", index + 1))?;
    }
    if certificates.is_empty() {
        return Err("there is none in it".to_owned());
    }
    Ok(certificates)
}

fn configure(roots: Arc<RootCertStore>) -> Result<TlsConnector, SendError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| SendError::Tls(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Makes a TCP connection a secure one.
pub(super) async fn handshake(
    connector: &TlsConnector,
    host: &str,
    tcp: TcpStream,
) -> Result<TlsStream<TcpStream>, SendError> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| SendError::Tls(format!("`{host}` cannot be the name in a certificate")))?;
    connector.connect(name, tcp).await.map_err(|e| SendError::Tls(explain(host, &e)))
}

/// Says in people's words why there is no secure connection.
fn explain(host: &str, error: &std::io::Error) -> String {
    let tls = error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::InvalidCertificate(problem)) => {
            format!("the certificate of `{host}` is refused: {}", certificate_problem(problem))
        }
        Some(other) => format!("no secure connection to `{host}`: {other}"),
        None => format!("no secure connection to `{host}`: {error} (does it speak TLS?)"),
    }
}

fn certificate_problem(problem: &CertificateError) -> String {
    use CertificateError as E;
    match problem {
        E::Expired | E::ExpiredContext { .. } => "it has expired".to_owned(),
        E::NotValidYet | E::NotValidYetContext { .. } => {
            "it is not valid yet (is the clock right?)".to_owned()
        }
        E::UnknownIssuer => {
            "its issuer is not trusted; add the issuer's root to `CACerts` or `--ca-bundle`".to_owned()
        }
        E::NotValidForName => "it is for another host name".to_owned(),
        E::NotValidForNameContext { presented, .. } => {
            format!("it is for another host name ({})", presented.join(", "))
        }
        E::Revoked => "it was revoked".to_owned(),
        E::BadSignature => "its signature is wrong".to_owned(),
        E::BadEncoding => "it is damaged".to_owned(),
        other => other.to_string(),
    }
}
