//! PEM, with errors that say what to do.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};

/// Why a PEM text cannot be used. Said of the text, so that a file or a Secret's key can stand before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// A block has no end, or no base64 in it.
    #[error("is not PEM ({0}): write it again from `-----BEGIN` to the end of its `-----END` line")]
    Torn(String),
    /// No block of the kind that is wanted.
    #[error("holds no certificate: PEM is expected, with `-----BEGIN CERTIFICATE-----`")]
    NoCertificate,
    /// The place of the certificate holds a key.
    #[error("holds a private key and no certificate: are certificate and key exchanged?")]
    KeyForCertificate,
    /// One of the certificates is none. Counted from 1.
    #[error("is damaged: its certificate {0} cannot be read; write it again")]
    Damaged(usize),
    /// No key.
    #[error("holds no private key: PEM is expected, with `-----BEGIN PRIVATE KEY-----`")]
    NoKey,
    /// The place of the key holds a certificate.
    #[error("holds a certificate and no private key: are certificate and key exchanged?")]
    CertificateForKey,
    /// A key behind a passphrase.
    #[error(
        "is encrypted, and nobody is there to type its passphrase: store it plain (`openssl pkey -in KEY -out PLAIN`)"
    )]
    Encrypted,
    /// A key that is none, or of a kind that is not supported.
    #[error(
        "holds a key that cannot be used ({0}): use ECDSA P-256, P-384 or P-521, Ed25519, or RSA of 2048 bits and more"
    )]
    UnusableKey(String),
}

/// All certificates in a PEM text, at least one, in their order.
pub(crate) fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let all: Vec<_> = CertificateDer::pem_slice_iter(text).collect::<Result<_, _>>().map_err(torn)?;
    if all.is_empty() {
        let key = contains(text, b"PRIVATE KEY-----");
        return Err(if key { PemError::KeyForCertificate } else { PemError::NoCertificate });
    }
    match all.iter().position(|der| webpki::EndEntityCert::try_from(der).is_err()) {
        Some(index) => Err(PemError::Damaged(index + 1)),
        None => Ok(all),
    }
}

/// The first private key in a PEM text.
pub(crate) fn key(text: &[u8]) -> Result<PrivateKeyDer<'static>, PemError> {
    if contains(text, b"BEGIN ENCRYPTED PRIVATE KEY") || contains(text, b"Proc-Type: 4,ENCRYPTED") {
        return Err(PemError::Encrypted);
    }
    match PrivateKeyDer::from_pem_slice(text) {
        Ok(key) => Ok(key),
        Err(pem::Error::NoItemsFound) if contains(text, b"BEGIN CERTIFICATE") => {
            Err(PemError::CertificateForKey)
        }
        Err(pem::Error::NoItemsFound) => Err(PemError::NoKey),
        Err(error) => Err(torn(error)),
    }
}

fn torn(error: pem::Error) -> PemError {
    PemError::Torn(match error {
        pem::Error::MissingSectionEnd { .. } => "a block does not end".to_owned(),
        pem::Error::IllegalSectionStart { .. } => "a block does not begin as it should".to_owned(),
        pem::Error::Base64Decode(_) => "what stands in a block is no base64".to_owned(),
        // The others are of files, which are not read here; they show no content.
        other => other.to_string(),
    })
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
