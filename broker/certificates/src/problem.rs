//! What is wrong with a certificate, in people's words.

use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, OtherError};
use std::error::Error;
use std::io;

/// The error of TLS in an error of a connection, if it was one.
#[must_use]
pub fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref() {
            return Some(tls);
        }
        // An `io::Error` passes over what it holds when it is asked for its source.
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(held) => Some(held),
            None => error.source(),
        };
    }
    None
}

/// So many names of a certificate are shown; there may be hundreds.
const NAMES: usize = 3;

/// Why we refuse a peer's certificate, said of it. `trusted` names where its issuer's root could be added.
#[must_use]
pub fn refused(problem: &CertificateError, trusted: &str) -> String {
    use CertificateError as E;
    match problem {
        E::Expired => "it has expired".to_owned(),
        E::ExpiredContext { not_after, .. } => format!("it has expired ({})", date(*not_after)),
        E::NotValidYet => "it is not valid yet (is the clock right?)".to_owned(),
        E::NotValidYetContext { not_before, .. } => {
            format!("it is not valid yet, but from {} on (is the clock right?)", date(*not_before))
        }
        E::UnknownIssuer => format!("its issuer is not trusted; add the issuer's root to {trusted}"),
        E::NotValidForName => "it is for another host name".to_owned(),
        E::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            "it is for another host name (it names none: common names do not count)".to_owned()
        }
        E::NotValidForNameContext { presented, .. } => {
            let names: Vec<&str> = presented.iter().take(NAMES).map(|name| inner(name)).collect();
            let more = if presented.len() > NAMES { ", ..." } else { "" };
            format!("it is for another host name ({}{more})", names.join(", "))
        }
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => {
            "it is for another purpose: servers need `serverAuth`, clients `clientAuth`".to_owned()
        }
        E::Revoked => "it was revoked".to_owned(),
        E::BadSignature => "its signature is wrong".to_owned(),
        E::BadEncoding => "it is damaged".to_owned(),
        E::Other(other) if is_authority(other) => {
            "it is the certificate of an authority (`CA:TRUE`), which nobody may show: make one with `basicConstraints=CA:FALSE`"
                .to_owned()
        }
        other => other.to_string(),
    }
}

/// What a peer says about our certificate by its alert; `None`: it speaks of something else. `shown`: we have one.
///
/// TLS 1.2 has no alert for a certificate that is missing, and servers say `bad_certificate` or `handshake_failure`.
#[must_use]
pub fn alert(alert: AlertDescription, shown: bool) -> Option<&'static str> {
    use AlertDescription as A;
    Some(match alert {
        A::CertificateRequired | A::NoCertificate => "it demands a certificate of ours",
        A::BadCertificate if !shown => "it demands a certificate of ours",
        A::HandshakeFailure if !shown => "it found nothing in common, or demands a certificate of ours",
        A::BadCertificate => "it refuses our certificate",
        A::CertificateExpired => "it refuses our certificate: it has expired",
        A::CertificateRevoked => "it refuses our certificate: it was revoked",
        A::UnknownCA => "it refuses our certificate: it does not trust the issuer",
        A::UnsupportedCertificate => {
            "it refuses our certificate: it is of a kind or for a purpose that it does not take"
        }
        A::CertificateUnknown => "it refuses our certificate, without saying why",
        A::AccessDenied => "it refuses our certificate: access denied",
        A::DecryptError => "it refuses our certificate: the signature made with its key is wrong",
        _ => return None,
    })
}

fn is_authority(other: &OtherError) -> bool {
    matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

fn date(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).map_or_else(|_| "beyond all dates".to_owned(), |time| time.to_string())
}

/// `DnsName("shop.example.com")`, as webpki lists a name, without what stands around it.
fn inner(name: &str) -> &str {
    let inner = name.split_once('(').map_or(name, |(_, inner)| inner);
    inner.trim_end_matches(')').trim_matches('"')
}
