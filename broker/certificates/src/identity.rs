//! A certificate and its key: who somebody is.

use crate::pem::{self, PemError};
use rustls::Error;
use rustls::pki_types::{CertificateDer, IpAddr, ServerName};
use rustls::sign::CertifiedKey;
use std::fmt;
use std::sync::Arc;

/// A certificate chain and the private key that belongs to it.
#[derive(Clone)]
pub struct Identity(Arc<CertifiedKey>);

/// Which of the two is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The chain, the own certificate first.
    Certificate,
    /// The private key.
    Key,
}

/// What is wrong with one of the two, said of that part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// It cannot be read.
    #[error("{1}")]
    Unreadable(Part, PemError),
    /// Both can, and they are strangers.
    #[error(
        "does not belong to the certificate: it must be the key of the first certificate of the chain, which is the own one"
    )]
    Mismatch,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "chain",
            Self::Key => "key",
        })
    }
}

impl IdentityError {
    /// Where the problem is; a pair that does not fit is said of the key.
    #[must_use]
    pub fn part(&self) -> Part {
        match self {
            Self::Unreadable(part, _) => *part,
            Self::Mismatch => Part::Key,
        }
    }
}

impl Identity {
    /// Reads a chain (the own certificate first) and its key from PEM.
    ///
    /// # Errors
    /// When one of them cannot be used, or they do not belong together.
    pub fn new(chain: &[u8], key: &[u8]) -> Result<Self, IdentityError> {
        let chain = pem::certificates(chain).map_err(|e| IdentityError::Unreadable(Part::Certificate, e))?;
        let key = pem::key(key).map_err(|e| IdentityError::Unreadable(Part::Key, e))?;
        let certified =
            CertifiedKey::from_der(chain, key, &crate::provider()).map_err(|error| match error {
                Error::InconsistentKeys(_) => IdentityError::Mismatch,
                other => IdentityError::Unreadable(Part::Key, PemError::UnusableKey(other.to_string())),
            })?;
        Ok(Self(Arc::new(certified)))
    }

    /// For rustls.
    #[must_use]
    pub fn certified(&self) -> Arc<CertifiedKey> {
        self.0.clone()
    }

    /// The host to write into a URL that leads to `address`, so that clients find it in the certificate: the
    /// address itself, `localhost`, or a name that the certificate is for; the address if there is none.
    #[must_use]
    pub fn host_for(&self, address: std::net::IpAddr) -> String {
        let plain = match address {
            std::net::IpAddr::V4(ip) => ip.to_string(),
            std::net::IpAddr::V6(ip) => format!("[{ip}]"),
        };
        let Some(own) = self.0.cert.first().and_then(|der| webpki::EndEntityCert::try_from(der).ok()) else {
            return plain;
        };
        let is_for = |name: &ServerName<'_>| own.verify_is_valid_for_subject_name(name).is_ok();
        if is_for(&ServerName::IpAddress(IpAddr::from(address))) {
            return plain;
        }
        let localhost = ServerName::try_from("localhost").expect("`localhost` is a name");
        if address.is_loopback() && is_for(&localhost) {
            return "localhost".to_owned();
        }
        own.valid_dns_names().find(|name| !name.starts_with('*')).map_or(plain, str::to_owned)
    }
}

impl fmt::Debug for Identity {
    /// The number of certificates; never the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chain: &[CertificateDer<'_>] = &self.0.cert;
        f.debug_struct("Identity").field("certificates", &chain.len()).finish_non_exhaustive()
    }
}
