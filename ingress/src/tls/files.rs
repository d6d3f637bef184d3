//! From the files to what a listener needs.

use super::InForce;
use super::handshake::{HTTP_1, HTTP_2};
use certificates::{Identity, Part, provider, roots};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::SingleCertAndKey;
use rustls::{RootCertStore, ServerConfig};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of one file; a chain has some thousand, a bundle of authorities some hundred thousand.
const MAX_FILE: u64 = 4 * 1024 * 1024;

const CERT: &str = "--tls-cert";
const KEY: &str = "--tls-key";
const CLIENT_CA: &str = "--tls-client-ca";

/// Where the certificate is.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// PEM: the own certificate, then those that lead to a root.
    pub cert: PathBuf,
    /// PEM: the key of the first of them, not encrypted.
    pub key: PathBuf,
    /// PEM: whose certificates clients must show; `None`: none is asked for.
    pub client_ca: Option<PathBuf>,
}

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{flag} {}: {problem}", file.display())]
pub struct TlsError {
    flag: &'static str,
    file: PathBuf,
    problem: String,
}

/// What the files hold.
#[derive(PartialEq, Eq)]
pub(super) struct Contents {
    cert: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

impl fmt::Debug for Contents {
    /// Never the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contents").finish_non_exhaustive()
    }
}

impl TlsFiles {
    /// Reads them all. Blocks.
    pub(super) fn read(&self) -> Result<Contents, TlsError> {
        let client_ca = self.client_ca.as_deref().map(|file| read(CLIENT_CA, file)).transpose()?;
        Ok(Contents { cert: read(CERT, &self.cert)?, key: read(KEY, &self.key)?, client_ca })
    }

    fn error(&self, flag: &'static str, problem: impl fmt::Display) -> TlsError {
        let file = match flag {
            CERT => Some(&self.cert),
            KEY => Some(&self.key),
            _ => self.client_ca.as_ref(),
        };
        TlsError { flag, file: file.cloned().unwrap_or_default(), problem: problem.to_string() }
    }
}

fn read(flag: &'static str, file: &Path) -> Result<Vec<u8>, TlsError> {
    let error = |problem| TlsError { flag, file: file.to_owned(), problem };
    let mut bytes = Vec::new();
    let read = File::open(file).and_then(|open| open.take(MAX_FILE + 1).read_to_end(&mut bytes));
    match read {
        Err(why) => Err(error(format!("cannot be read: {why}"))),
        Ok(size) if size as u64 > MAX_FILE => {
            Err(error(format!("has more than {MAX_FILE} bytes: is it PEM?")))
        }
        Ok(_) => Ok(bytes),
    }
}

impl InForce {
    pub(super) fn compile(contents: Contents, files: &TlsFiles) -> Result<Self, TlsError> {
        let identity = Identity::new(&contents.cert, &contents.key).map_err(|error| {
            let flag = if error.part() == Part::Key { KEY } else { CERT };
            files.error(flag, error)
        })?;
        let speaking = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("the provider knows TLS 1.2 and 1.3");
        let asking = match &contents.client_ca {
            None => speaking.with_no_client_auth(),
            Some(pem) => {
                let mut trusted = RootCertStore::empty();
                let authorities = roots(pem).map_err(|error| files.error(CLIENT_CA, error))?;
                trusted.add_parsable_certificates(authorities);
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(trusted), provider());
                speaking.with_client_cert_verifier(
                    verifier.build().map_err(|error| files.error(CLIENT_CA, error))?,
                )
            }
        };
        let own = SingleCertAndKey::from(identity.certified());
        let mut config = asking.with_cert_resolver(Arc::new(own));
        config.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1.to_vec()];
        Ok(Self { contents, identity, config: Arc::new(config) })
    }
}
