//! Certificates, keys and roots: read from PEM, checked, and explained in people's words.
//!
//! What it does: reads an [`Identity`] (a certificate chain and its key) and [`roots`] from PEM, finds the system's
//! roots, makes the configuration of a TLS client from them, and says what is wrong with a certificate ([`refused`],
//! [`alert`]).
//!
//! What it must not do: open a socket, read a file that is not the system's store, know where a PEM text came from:
//! its errors say what is wrong, whoever calls says in which flag, file or Secret.
//!
//! Where to start: [`Identity`], then `problem.rs` for the words.

mod client;
mod identity;
mod pem;
mod problem;
mod roots;

pub use client::{client, system_roots};
pub use identity::{Identity, IdentityError, Part};
pub use pem::PemError;
pub use problem::{alert, refused, tls_error};
pub use roots::roots;

use rustls::crypto::CryptoProvider;
use std::sync::Arc;

/// The one provider of cryptography in the house.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
