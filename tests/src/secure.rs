//! One HTTPS connection, kept.

use crate::{Authority, Identity, Message};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

type Body = Full<Bytes>;

/// A connection to a listener, over the protocol that was agreed on.
#[derive(Debug)]
pub struct Secure {
    requests: Requests,
    /// What was agreed on: `h2`, `http/1.1` or nothing.
    pub protocol: String,
    certificate: Vec<u8>,
    authority: String,
    /// Dropped, it ends the connection.
    _driving: JoinSet<()>,
}

#[derive(Debug)]
enum Requests {
    Http1(http1::SendRequest<Body>),
    Http2(http2::SendRequest<Body>),
}

impl Secure {
    /// Connects to `url` under the name `localhost`, trusts `authority`, shows `own`, offers `protocols`.
    ///
    /// # Errors
    /// When the handshake fails.
    ///
    /// # Panics
    /// When nobody listens.
    pub async fn connect(
        url: &str,
        authority: &Authority,
        own: Option<&Identity>,
        protocols: &[&str],
    ) -> std::io::Result<Self> {
        let address = url.trim_start_matches("https://").to_owned();
        let tcp = TcpStream::connect(&address).await.expect("somebody listens");
        let connector = TlsConnector::from(Arc::new(config(authority, own, protocols)));
        let stream = connector.connect(ServerName::try_from("localhost").expect("a name"), tcp).await?;
        let agreed = stream.get_ref().1;
        let protocol = String::from_utf8_lossy(agreed.alpn_protocol().unwrap_or_default()).into_owned();
        let certificate =
            agreed.peer_certificates().and_then(|all| all.first()).expect("a certificate").to_vec();
        let mut driving = JoinSet::new();
        let io = TokioIo::new(stream);
        // That a connection breaks off is seen by its requests.
        let requests = if protocol == "h2" {
            let (requests, connection) =
                http2::handshake(TokioExecutor::new(), io).await.map_err(std::io::Error::other)?;
            driving.spawn(async { drop(connection.await) });
            Requests::Http2(requests)
        } else {
            let (requests, connection) = http1::handshake(io).await.map_err(std::io::Error::other)?;
            driving.spawn(async { drop(connection.await) });
            Requests::Http1(requests)
        };
        Ok(Self { requests, protocol, certificate, authority: address, _driving: driving })
    }

    /// Posts a message; the status of the answer.
    ///
    /// # Errors
    /// When there is none. In TLS 1.3 that is how a client hears that its certificate is refused.
    ///
    /// # Panics
    /// When `path` is none.
    pub async fn post(&mut self, path: &str, message: Message) -> hyper::Result<u16> {
        let url = match &self.requests {
            Requests::Http1(_) => path.to_owned(),
            Requests::Http2(_) => format!("https://{}{path}", self.authority),
        };
        let mut request = Request::new(Full::new(message.body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = url.parse().expect("a path");
        *request.headers_mut() = message.headers;
        let answer = match &mut self.requests {
            Requests::Http1(requests) => {
                let host = self.authority.parse().expect("a header");
                request.headers_mut().insert(http::header::HOST, host);
                requests.send_request(request).await
            }
            Requests::Http2(requests) => requests.send_request(request).await,
        };
        answer.map(|answer| answer.status().as_u16())
    }

    /// Whether this is whom we talk to.
    #[must_use]
    pub fn is_with(&self, identity: &Identity) -> bool {
        self.certificate == identity.certificates()[0].as_ref()
    }
}

fn config(authority: &Authority, own: Option<&Identity>, protocols: &[&str]) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(authority.roots());
    let mut config = match own {
        None => config.with_no_client_auth(),
        Some(own) => config.with_client_auth_cert(own.certificates(), own.private_key()).expect("a pair"),
    };
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    config
}
