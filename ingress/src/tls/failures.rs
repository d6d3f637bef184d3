//! Handshakes that fail: each is counted, and each kind is told once a minute.

use crate::metrics::Metrics;
use prometheus_client::metrics::counter::Counter;
use rustls::{Error, InvalidMessage};
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Whoever likes may knock badly, as often as he likes: the log says that it happens, the metric how often.
const TELL: Duration = Duration::from_secs(60);

/// Why a handshake failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Timeout,
    Closed,
    NotTls,
    Incompatible,
    NoClientCertificate,
    ClientCertificate,
    RefusedByClient,
    Other,
}

/// A handshake that failed: of which kind, and in people's words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) reason: Reason,
    pub(crate) why: String,
}

/// Counts and tells.
pub(crate) struct Failures {
    /// In the order of [`Reason::ALL`].
    kinds: [Kind; Reason::ALL.len()],
}

struct Kind {
    counter: Counter,
    told: Mutex<Option<Instant>>,
}

impl Reason {
    pub(crate) const ALL: [Self; 8] = [
        Self::Timeout,
        Self::Closed,
        Self::NotTls,
        Self::Incompatible,
        Self::NoClientCertificate,
        Self::ClientCertificate,
        Self::RefusedByClient,
        Self::Other,
    ];

    /// As the metric's label shows it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Closed => "closed",
            Self::NotTls => "not_tls",
            Self::Incompatible => "incompatible",
            Self::NoClientCertificate => "no_client_certificate",
            Self::ClientCertificate => "client_certificate",
            Self::RefusedByClient => "refused_by_client",
            Self::Other => "other",
        }
    }
}

impl Failure {
    pub(crate) fn timeout(limit: Duration) -> Self {
        let why = format!("the peer did not finish it within {} s", limit.as_secs());
        Self { reason: Reason::Timeout, why }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let (reason, why) = match certificates::tls_error(&error) {
            None => (Reason::Closed, format!("the peer broke it off ({error})")),
            Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) => (
                Reason::NotTls,
                "the peer does not speak TLS: does it use http:// instead of https://?".to_owned(),
            ),
            Some(Error::NoCertificatesPresented) => (
                Reason::NoClientCertificate,
                "the client shows no certificate, and `--tls-client-ca` demands one".to_owned(),
            ),
            Some(Error::InvalidCertificate(problem)) => {
                let problem = certificates::refused(problem, "`--tls-client-ca`");
                (Reason::ClientCertificate, format!("the client's certificate is refused: {problem}"))
            }
            Some(Error::PeerIncompatible(what)) => (
                Reason::Incompatible,
                format!("the peer offers nothing that is allowed here, TLS 1.2 at least ({what:?})"),
            ),
            Some(Error::AlertReceived(alert)) => (
                Reason::RefusedByClient,
                format!("the client refuses our certificate or broke off ({alert:?})"),
            ),
            Some(other) => (Reason::Other, other.to_string()),
        };
        Self { reason, why }
    }
}

impl Failures {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let kind = |reason| Kind { counter: metrics.handshake_failed(reason), told: Mutex::default() };
        Self { kinds: Reason::ALL.map(kind) }
    }

    pub(crate) fn note(&self, failure: &Failure, peer: Option<SocketAddr>) {
        let Failure { reason, why } = failure;
        let kind = &self.kinds[*reason as usize];
        kind.counter.inc();
        // Peers that connect and go are how load balancers look whether the port is open.
        if *reason == Reason::Closed || !kind.is_due() {
            tracing::debug!(?peer, reason = reason.label(), "TLS handshake failed: {why}");
            return;
        }
        let peer = peer.map(|peer| peer.to_string());
        tracing::warn!(peer, reason = reason.label(), "TLS handshake failed: {why}; said once a minute");
    }
}

impl Kind {
    /// True once in [`TELL`].
    fn is_due(&self) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let due = told.is_none_or(|last| last.elapsed() >= TELL);
        if due {
            *told = Some(Instant::now());
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_kind_is_told_once_a_minute() {
        let kind = Kind { counter: Counter::default(), told: Mutex::default() };
        assert!(kind.is_due());
        tokio::time::advance(TELL - Duration::from_millis(1)).await;
        assert!(!kind.is_due());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(kind.is_due());
    }

    #[test]
    fn kinds_lie_where_they_are_looked_for() {
        for (index, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, index);
        }
    }
}
