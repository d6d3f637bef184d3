//! Whom we trust, who we are, and what is wrong when there is no secure connection.

use super::SendError;
use broker_core::ClientCertificate;
use certificates::{Identity, PemError};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{InvalidMessage, RootCertStore};
use std::error::Error;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Where a root can be added.
const TRUSTED: &str = "`CACerts` or `--ca-bundle`";

/// The CA bundle cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CaBundleError(PemError);

/// The roots of this process: the system's, read when they are first needed, and a bundle.
pub(crate) struct Trust {
    bundle: Vec<CertificateDer<'static>>,
    roots: OnceCell<Arc<RootCertStore>>,
    /// For the sinks without roots or certificate of their own.
    shared: OnceCell<TlsConnector>,
}

impl Trust {
    /// The system's roots and those of `bundle` (PEM).
    pub(crate) fn new(bundle: Option<&[u8]>) -> Result<Self, CaBundleError> {
        let bundle = bundle.map_or_else(|| Ok(Vec::new()), certificates::roots).map_err(CaBundleError)?;
        Ok(Self { bundle, roots: OnceCell::new(), shared: OnceCell::new() })
    }

    /// What makes connections that trust the roots of the process and `ca_certs`, and show `own` if they are asked.
    pub(super) async fn connector(
        &self,
        ca_certs: Option<&str>,
        own: Option<&ClientCertificate>,
    ) -> Result<TlsConnector, SendError> {
        let roots = self.roots.get_or_init(|| self.load()).await;
        if ca_certs.is_none() && own.is_none() {
            let shared = self.shared.get_or_init(async || configure(roots.clone(), None)).await;
            return Ok(shared.clone());
        }
        let roots = match ca_certs {
            None => roots.clone(),
            Some(pem) => Arc::new(with(roots, pem)?),
        };
        let identity = own.map(|own| Identity::new(&own.chain, &own.key)).transpose();
        let identity =
            identity.map_err(|e| SendError::Tls(format!("the client certificate's {} {e}", e.part())))?;
        Ok(configure(roots, identity.as_ref()))
    }

    async fn load(&self) -> Arc<RootCertStore> {
        let system = tokio::task::spawn_blocking(certificates::system_roots).await;
        let mut roots = system.unwrap_or_else(|_| RootCertStore::empty());
        roots.add_parsable_certificates(self.bundle.iter().cloned());
        if roots.is_empty() {
            tracing::warn!("no root certificates were found: https sinks need `--ca-bundle` or `CACerts`");
        }
        Arc::new(roots)
    }
}

fn with(roots: &RootCertStore, pem: &str) -> Result<RootCertStore, SendError> {
    let own = certificates::roots(pem.as_bytes())
        .map_err(|e| SendError::Tls(format!("what stands in the sink's `CACerts` {e}")))?;
    let mut roots = roots.clone();
    roots.add_parsable_certificates(own);
    Ok(roots)
}

fn configure(roots: Arc<RootCertStore>, identity: Option<&Identity>) -> TlsConnector {
    let mut config = certificates::client(roots, identity);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    TlsConnector::from(Arc::new(config))
}

/// Makes a TCP connection a secure one. `shown`: we have a certificate to show.
pub(super) async fn handshake(
    connector: &TlsConnector,
    host: &str,
    shown: bool,
    tcp: TcpStream,
) -> Result<TlsStream<TcpStream>, SendError> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| SendError::Tls(format!("`{host}` cannot be the name in a certificate")))?;
    connector.connect(name, tcp).await.map_err(|error| {
        let why = explain(host, shown, &error);
        SendError::Tls(
            why.unwrap_or_else(|| format!("no secure connection to `{host}`: {error} (does it speak TLS?)")),
        )
    })
}

/// Says in people's words why there is no secure connection; `None`: it was not for a matter of TLS. In TLS 1.3 a
/// server may refuse our certificate after the handshake, in the place of its first answer.
pub(super) fn explain(host: &str, shown: bool, error: &(dyn Error + 'static)) -> Option<String> {
    let error = certificates::tls_error(error)?;
    let why = match error {
        rustls::Error::InvalidCertificate(problem) => {
            let problem = certificates::refused(problem, TRUSTED);
            return Some(format!("the certificate of `{host}` is refused: {problem}"));
        }
        rustls::Error::AlertReceived(alert) => certificates::alert(*alert, shown),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            return Some(format!("`{host}` does not speak TLS at this port: is it `http://` that is meant?"));
        }
        _ => None,
    };
    let remedy = match why {
        Some(_) if !shown => "; name its Secret with `sluice.dev/client-certificate`",
        _ => "",
    };
    let why = why.map_or_else(|| error.to_string(), str::to_owned);
    Some(format!("no secure connection to `{host}`: {why}{remedy}"))
}
