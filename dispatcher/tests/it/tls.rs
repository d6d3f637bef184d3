//! https: whom we trust, and what people read when we do not.

use crate::mesh::{Mesh, order, trigger};
use crate::sink::{Sink, status};
use broker_core::{HttpSink, TriggerRoute};
use dispatcher::{Dispatcher, Options};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// A sink with a certificate for `name`.
    async fn sink(&self, name: &str, expired: bool) -> Sink {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if expired {
            (params.not_before, params.not_after) = (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 1));
        }
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        let tls = TlsAcceptor::from(Arc::new(config));
        Sink::listen("127.0.0.1:0", Some(tls), |_, _| status("202 Accepted")).await
    }
}

fn secure(sink: &Sink, ca_certs: Option<String>) -> TriggerRoute {
    let uri = format!("https://localhost:{}/in", sink.address.port()).parse().unwrap();
    trigger("t", broker_core::Sink::Http(Arc::new(HttpSink { uri, ca_certs, client_certificate: None })), 0)
}

async fn refusal(sink: &Sink, ca_certs: Option<String>) -> String {
    let mesh = Mesh::start(vec![secure(sink, ca_certs)]).await;
    mesh.send(order("1")).await;
    let letter = mesh.dead_letters(1).await.remove(0);
    assert!(sink.so_far().is_empty());
    letter.reason
}

#[tokio::test]
async fn the_sinks_own_roots_and_the_bundle_are_trusted() {
    let authority = Authority::new();
    let sink = authority.sink("localhost", false).await;
    let mesh = Mesh::start(vec![secure(&sink, Some(authority.pem()))]).await;
    mesh.send(order("1")).await;
    sink.seen(1).await;
    let options = Options { ca_bundle: Some(authority.pem().into_bytes()), ..Options::default() };
    let mesh = Mesh::with(vec![secure(&sink, None)], options).await;
    mesh.send(order("2")).await;
    let seen = &sink.seen(2).await[1];
    let host = format!("localhost:{}", sink.address.port());
    assert_eq!(seen.header("host"), Some(host.as_str()));
}

#[tokio::test]
async fn a_refused_certificate_is_explained() {
    let authority = Authority::new();
    let roots = Some(authority.pem());
    let good = authority.sink("localhost", false).await;
    let unknown = refusal(&good, None).await;
    assert!(unknown.contains("its issuer is not trusted; add the issuer's root to `CACerts`"), "{unknown}");
    let expired = refusal(&authority.sink("localhost", true).await, roots.clone()).await;
    assert!(expired.contains("the certificate of `localhost` is refused: it has expired"), "{expired}");
    let other = refusal(&authority.sink("elsewhere.example", false).await, roots.clone()).await;
    assert!(other.contains("it is for another host name"), "{other}");
    let plain = refusal(&Sink::blurting().await, roots).await;
    assert!(plain.contains("`localhost` does not speak TLS at this port"), "{plain}");
    let nonsense = refusal(&good, Some("nonsense".to_owned())).await;
    assert!(nonsense.contains("what stands in the sink's `CACerts` holds no certificate"), "{nonsense}");
}

#[test]
fn a_bundle_without_certificates_is_refused_at_the_start() {
    let (_publish, routes) = broker_core::routes();
    let channels = broker_core::Channels::default();
    let limits = broker_core::Limits { max_event_bytes: 1 };
    let publisher = broker_core::Publisher::new(routes.clone(), channels.clone(), limits);
    let options = Options { ca_bundle: Some(b"nothing".to_vec()), ..Options::default() };
    let made = Dispatcher::new(
        routes,
        channels,
        publisher,
        options,
        &mut prometheus_client::registry::Registry::default(),
    );
    let error = made.err().unwrap().to_string();
    assert!(error.contains("PEM is expected"), "{error}");
}
