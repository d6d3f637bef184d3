//! How the commands reach servers.

use certificates::PemError;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::{InvalidMessage, RootCertStore};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// A connection that is not open by then never will be.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// Opens connections, plain or TLS as the URL says.
pub type Connector = HttpsConnector<HttpConnector>;

/// A connector that trusts the system's roots and those of `ca_bundle` (PEM). Without `https` it looks for none,
/// because that takes time.
///
/// # Errors
/// When the bundle cannot be used.
pub fn connector(https: bool, ca_bundle: Option<&[u8]>) -> Result<Connector, PemError> {
    let mut roots = if https { certificates::system_roots() } else { RootCertStore::empty() };
    if let Some(pem) = ca_bundle {
        roots.add_parsable_certificates(certificates::roots(pem)?);
    }
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(CONNECT_TIME));
    tcp.set_nodelay(true);
    let tls = certificates::client(Arc::new(roots), None);
    let either = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
    Ok(either.enable_http1().wrap_connector(tcp))
}

/// Why a request failed: what is wrong with a certificate or the scheme, else the root of the error.
#[must_use]
pub fn reason(error: &(dyn Error + 'static)) -> String {
    match certificates::tls_error(error) {
        Some(rustls::Error::InvalidCertificate(problem)) => {
            format!("its certificate is refused: {}", certificates::refused(problem, "`--ca-bundle`"))
        }
        Some(rustls::Error::AlertReceived(alert)) => {
            certificates::alert(*alert, false).map_or_else(|| root(error), str::to_owned)
        }
        Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            "what came back is no TLS: does it want `http://`?".to_owned()
        }
        _ if chain(error).filter_map(|error| error.downcast_ref()).any(hyper::Error::is_parse) => {
            "what came back is no HTTP: does it want `https://`?".to_owned()
        }
        _ => root(error),
    }
}

fn root(error: &(dyn Error + 'static)) -> String {
    chain(error).last().unwrap_or(error).to_string()
}

fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}
