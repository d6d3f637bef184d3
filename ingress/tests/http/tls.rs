//! HTTPS: what a handshake may not do, and that HTTP inside is as outside. The rest is told in `tests/stories`.

use crate::client::{Client, post};
use crate::house::House;
use ingress::{Tls, TlsFiles};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const FAILED: &str = "sluice_ingress_tls_handshakes_failed_total";

/// A listener with a certificate, and those who trust it.
async fn house() -> (House, TlsConnector) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let signing_key: KeyPair = signing_key;
    let folder = tempfile::TempDir::new().unwrap();
    let files = TlsFiles { cert: folder.path().join("crt"), key: folder.path().join("key"), client_ca: None };
    std::fs::write(&files.cert, cert.pem()).unwrap();
    std::fs::write(&files.key, signing_key.serialize_pem()).unwrap();
    // The files go with the folder: what is in force stays.
    let tls = Tls::open(files).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (House::secured(tls).await, TlsConnector::from(Arc::new(config)))
}

/// Offers one protocol in the handshake, and says what it says in another.
async fn says(agreed: &str, bytes: &[u8]) -> Vec<u8> {
    let (house, connector) = house().await;
    let mut config = ClientConfig::clone(connector.config());
    config.alpn_protocols = vec![agreed.as_bytes().to_vec()];
    let mut peer = connect(&house, &TlsConnector::from(Arc::new(config))).await;
    assert_eq!(peer.get_ref().1.alpn_protocol(), Some(agreed.as_bytes()));
    peer.write_all(bytes).await.unwrap();
    peer.flush().await.unwrap();
    let mut answer = Vec::new();
    // The connection may end without a goodbye.
    let _ = peer.read_to_end(&mut answer).await;
    answer
}

#[tokio::test]
async fn what_was_agreed_on_is_all_that_is_spoken() {
    let http_1 = post("/default/shop", "Connection: close\r\n", "x");
    let answer = says("http/1.1", http_1.as_bytes()).await;
    assert!(answer.starts_with(b"HTTP/1.1 202"), "{}", String::from_utf8_lossy(&answer));
    let answer = says("h2", http_1.as_bytes()).await;
    assert!(!answer.starts_with(b"HTTP/1.1"), "{}", String::from_utf8_lossy(&answer));
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let answer = says("http/1.1", preface).await;
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{answer:?}");
}

async fn connect(house: &House, connector: &TlsConnector) -> TlsStream<TcpStream> {
    let tcp = TcpStream::connect(house.address).await.unwrap();
    connector.connect(ServerName::try_from("localhost").unwrap(), tcp).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_come_closes_the_connection() {
    let (house, _) = house().await;
    let start = Instant::now();
    let mut silent = Client::connect(house.address).await;
    let mut slow = Client::connect(house.address).await;
    slow.send([0x16, 3, 1, 0, 45, 1, 0]).await;
    silent.closed().await;
    slow.closed().await;
    let took = start.elapsed();
    assert!((Duration::from_secs(10)..Duration::from_secs(12)).contains(&took), "{took:?}");
    assert_eq!(house.metric(&format!("{FAILED}{{reason=\"timeout\"}}")), 2);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_come_after_the_handshake_closes_it_too() {
    let (house, connector) = house().await;
    let start = Instant::now();
    let mut peer = connect(&house, &connector).await;
    peer.write_all(b"POST /def").await.unwrap();
    peer.flush().await.unwrap();
    // A cut connection says no goodbye.
    let _ = peer.read(&mut [0]).await;
    let took = start.elapsed();
    assert!((Duration::from_secs(10)..Duration::from_secs(12)).contains(&took), "{took:?}");
    assert_eq!(house.metric("sluice_ingress_connections_cut_total"), 1);
}

#[tokio::test(start_paused = true)]
async fn draining_waits_for_no_handshake() {
    let (house, _) = house().await;
    let mut peer = Client::connect(house.address).await;
    peer.send([0x16, 3, 1]).await;
    while house.metric("sluice_ingress_connections") == 0 {
        tokio::task::yield_now().await;
    }
    let start = Instant::now();
    house.shutdown.cancel();
    house.serving.await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_large_body_sent_blindly_gets_its_answer() {
    let (house, connector) = house().await;
    let mut peer = connect(&house, &connector).await;
    let body = "x".repeat(4 * 1024 * 1024);
    peer.write_all(post("/default/shop", "", &body).as_bytes()).await.expect("the connection was reset");
    peer.flush().await.unwrap();
    let mut answer = [0; 12];
    peer.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}
