//! Who may use the admin API.

use crate::ProblemDetails;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use std::hint::black_box;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The rule for `/api/v1`; health and metrics are for everybody who reaches the listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Whoever holds the token.
    Token(Arc<str>),
    /// Programs of this machine. Web pages are kept out: a browser runs on this machine too.
    Loopback,
    /// Nobody: the listener can be reached from elsewhere and there is no token.
    Nobody,
}

impl Access {
    /// The rule that follows from where the server listens and whether it has a token.
    pub(crate) fn new(listens_on: SocketAddr, token: Option<&str>) -> Self {
        match token {
            Some(token) => Self::Token(token.into()),
            None if listens_on.ip().to_canonical().is_loopback() => Self::Loopback,
            None => Self::Nobody,
        }
    }

    fn check(&self, headers: &HeaderMap) -> Result<(), ProblemDetails> {
        match self {
            Self::Token(token) => check_token(token, headers),
            Self::Loopback if from_web_page(headers) => Err(ProblemDetails::new(
                StatusCode::FORBIDDEN,
                "without a token the admin API answers programs of this machine only, not web pages and no other host name than localhost",
            )),
            Self::Loopback => Ok(()),
            Self::Nobody => Err(ProblemDetails::new(
                StatusCode::FORBIDDEN,
                "the admin API is not served here: `--admin` is not on loopback and there is no `--admin-token-file`",
            )),
        }
    }
}

/// Lets a request through or answers it.
pub(crate) async fn guard(State(access): State<Access>, request: Request, next: Next) -> Response {
    match access.check(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) if problem.status == StatusCode::UNAUTHORIZED => {
            ([(header::WWW_AUTHENTICATE, "Bearer")], problem).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

fn check_token(token: &str, headers: &HeaderMap) -> Result<(), ProblemDetails> {
    let sent = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.as_bytes().split_at_checked(7))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "))
        .map(|(_, rest)| rest.trim_ascii());
    match sent {
        Some(sent) if same(sent, token.as_bytes()) => Ok(()),
        Some(_) => Err(ProblemDetails::new(StatusCode::UNAUTHORIZED, "the token is not the server's token")),
        None => Err(ProblemDetails::new(
            StatusCode::UNAUTHORIZED,
            "the admin API wants `Authorization: Bearer TOKEN`; commands take it from `--admin-token-file`",
        )),
    }
}

/// Compares without telling by its duration how many bytes were right.
fn same(left: &[u8], right: &[u8]) -> bool {
    let differences = left.iter().zip(right).fold(0u8, |seen, (l, r)| black_box(seen | (l ^ r)));
    left.len() == right.len() && differences == 0
}

/// A page in a browser sends `Origin`; one that points a name of its own at 127.0.0.1 shows that name as `Host`.
fn from_web_page(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN)
        || headers.get(header::HOST).is_some_and(|host| !host.to_str().is_ok_and(is_local))
}

fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    fn status(access: &Access, pairs: &[(header::HeaderName, &str)]) -> u16 {
        access.check(&headers(pairs)).map_or_else(|p| p.status, |()| 200)
    }

    #[test]
    fn where_it_listens_and_the_token_decide_the_rule() {
        let loopback = "127.0.0.1:9090".parse().unwrap();
        let mapped = "[::ffff:127.0.0.1]:9090".parse().unwrap();
        let anywhere = "0.0.0.0:9090".parse().unwrap();
        assert_eq!(Access::new(loopback, None), Access::Loopback);
        assert_eq!(Access::new(mapped, None), Access::Loopback);
        assert_eq!(Access::new(anywhere, None), Access::Nobody);
        assert_eq!(Access::new(anywhere, Some("t")), Access::Token("t".into()));
        assert_eq!(Access::new(loopback, Some("t")), Access::Token("t".into()));
    }

    #[test]
    fn only_the_whole_token_opens() {
        let access = Access::Token("secret".into());
        for (sent, want) in [
            ("Bearer secret", 200),
            ("bearer secret", 200),
            ("Bearer secre", 401),
            ("Bearer secrets", 401),
            ("Bearer ", 401),
            ("Basic secret", 401),
            ("secret", 401),
        ] {
            assert_eq!(status(&access, &[(header::AUTHORIZATION, sent)]), want, "{sent}");
        }
        assert_eq!(status(&access, &[]), 401);
    }

    #[test]
    fn without_a_token_web_pages_stay_outside() {
        for (host, want) in [
            ("localhost:9090", 200),
            ("127.0.0.1:9090", 200),
            ("[::1]:9090", 200),
            ("127.0.0.1", 200),
            ("evil.example:9090", 403),
            ("127.0.0.1.evil.example", 403),
        ] {
            assert_eq!(status(&Access::Loopback, &[(header::HOST, host)]), want, "{host}");
        }
        let page = [(header::HOST, "localhost:9090"), (header::ORIGIN, "http://localhost:3000")];
        assert_eq!(status(&Access::Loopback, &page), 403);
    }
}
