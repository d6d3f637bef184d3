//! Whom somebody trusts.

use crate::pem::{self, PemError};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

/// The roots in a PEM text, at least one.
///
/// # Errors
/// When it is not PEM, holds no certificate, or one that cannot be a root.
pub fn roots(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let all = pem::certificates(text)?;
    match all.iter().position(|root| RootCertStore::empty().add(root.clone()).is_err()) {
        Some(index) => Err(PemError::Damaged(index + 1)),
        None => Ok(all),
    }
}
