//! Events come in by HTTPS.

use tests::{Authority, DEADLINE, Identity, Mesh, Message, Secure, Sink, Trigger, broker, run, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A Broker with one Trigger behind HTTPS.
async fn shop(authority: &Authority, sink: &Sink, flags: &[&str]) -> Mesh {
    let mut mesh = Mesh::new();
    mesh.write("mesh.yaml", &(broker("shop", &[]) + &Trigger::new("bill", &sink.url()).to_string()));
    mesh.secure(&authority.issue("localhost"));
    mesh.flags(flags);
    mesh.start().await;
    mesh
}

async fn failed(mesh: &Mesh, reason: &str) -> f64 {
    mesh.metric(&format!("sluice_ingress_tls_handshakes_failed_total{{reason=\"{reason}\"}}")).await
}

#[tokio::test]
async fn the_client_chooses_the_protocol() {
    let (authority, sink) = (Authority::new(), Sink::start().await);
    let mesh = shop(&authority, &sink, &[]).await;
    for (offered, agreed) in
        [(&["h2", "http/1.1"][..], "h2"), (&["http/1.1", "h2"], "h2"), (&["http/1.1"], "http/1.1"), (&[], "")]
    {
        let mut client = Secure::connect(&mesh.events(""), &authority, None, offered).await.unwrap();
        assert_eq!(client.protocol, agreed, "{offered:?}");
        for id in ["1", "2"] {
            let status = client.post("/default/shop", Message::new(id, "order")).await.unwrap();
            assert_eq!(status, 202, "{offered:?}");
        }
    }
    sink.got(8).await;
}

#[tokio::test]
async fn what_is_not_tls_1_2_is_refused_and_told_once() {
    let (authority, sink) = (Authority::new(), Sink::start().await);
    let mesh = shop(&authority, &sink, &[]).await;
    let address = mesh.events("").replace("https://", "");
    // A ClientHello of TLS 1.1: its version, 32 bytes of randomness, one cipher suite, no extension.
    let hello =
        [&[0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2][..], &[7; 32], &[0, 0, 2, 0xc0, 0x13, 1, 0]].concat();
    for first in [&hello[..], b"POST /default/shop HTTP/1.1\r\nhost: a\r\n\r\n"] {
        for _ in 0..3 {
            let mut peer = TcpStream::connect(&address).await.unwrap();
            peer.write_all(first).await.unwrap();
            let mut answer = Vec::new();
            // Some systems reset a connection that still holds bytes nobody read.
            let _ = timeout(DEADLINE, peer.read_to_end(&mut answer)).await.expect("it is closed");
            assert!(answer.is_empty() || answer[0] == 0x15, "no alert but {answer:?}");
        }
    }
    until("each refusal counted", async || {
        (failed(&mesh, "incompatible").await, failed(&mesh, "not_tls").await) == (3.0, 3.0)
    })
    .await;
    for reason in ["incompatible", "not_tls"] {
        assert_eq!(mesh.lines(&format!("reason=\"{reason}\"")), 1, "{reason} floods the log");
    }
}

#[tokio::test]
async fn handshakes_that_do_not_come_hold_up_nobody_and_count_as_connections() {
    let (authority, sink) = (Authority::new(), Sink::start().await);
    let mesh = shop(&authority, &sink, &[]).await;
    let address = mesh.events("").replace("https://", "");
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(TcpStream::connect(&address).await.unwrap());
    }
    until("the silent ones counted", async || mesh.metric("sluice_ingress_connections").await == 50.0).await;
    let mut client = Secure::connect(&mesh.events(""), &authority, None, &[]).await.unwrap();
    assert_eq!(client.post("/default/shop", Message::new("1", "order")).await.unwrap(), 202);
    assert_eq!(mesh.metric("sluice_ingress_connections").await, 51.0);
    drop(silent);
    until("peers that went away counted", async || failed(&mesh, "closed").await == 50.0).await;
    assert_eq!(mesh.lines("TLS handshake failed"), 0, "a peer that only looks is no news");
}

#[tokio::test]
async fn whoever_must_show_a_certificate_gets_in_with_the_right_one_only() {
    let (authority, clients, strangers) = (Authority::new(), Authority::new(), Authority::new());
    let sink = Sink::start().await;
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("clients.crt");
    std::fs::write(&file, clients.pem()).unwrap();
    let mesh = shop(&authority, &sink, &["--tls-client-ca", file.to_str().unwrap()]).await;
    let attempt = async |own: Option<Identity>| {
        let mut client = Secure::connect(&mesh.events(""), &authority, own.as_ref(), &[]).await.ok()?;
        client.post("/default/shop", Message::new("1", "order")).await.ok()
    };
    assert_eq!(attempt(None).await, None);
    assert_eq!(attempt(Some(strangers.issue("me"))).await, None);
    assert_eq!(attempt(Some(clients.valid("me", 2019, 2020))).await, None);
    assert_eq!(attempt(Some(clients.issue("me"))).await, Some(202));
    until("refusals counted", async || {
        (failed(&mesh, "no_client_certificate").await, failed(&mesh, "client_certificate").await)
            == (1.0, 2.0)
    })
    .await;
    assert!(mesh.said("the client shows no certificate").is_some());
    assert!(mesh.said("its issuer is not trusted; add the issuer's root to `--tls-client-ca`").is_some());
}

#[tokio::test]
async fn the_greeting_and_the_addresses_name_a_host_of_the_certificate() {
    let authority = Authority::new();
    for (name, host, how) in [
        ("127.0.0.1", "127.0.0.1", ""),
        ("localhost", "localhost", ""),
        ("events.example.com", "events.example.com", "--resolve events.example.com:"),
    ] {
        let mut mesh = Mesh::new();
        mesh.write("mesh.yaml", &broker("shop", &[]));
        mesh.secure(&authority.issue(name));
        mesh.start().await;
        let line = mesh.said("try: curl").unwrap();
        let url = format!("https://{host}:{}", mesh.events("").rsplit(':').next().unwrap());
        assert!(
            line.contains("--cacert 'tls.crt'") && line.contains(&format!(" {url}/default/shop ")),
            "{line}"
        );
        assert!(line.contains(how), "{line}");
        let shown = mesh.cli(&["get", "broker", "-o", "json"]).await.done().out;
        assert!(shown.contains(&format!("{url}/default/shop")), "{shown}");
    }
}

#[tokio::test]
async fn our_own_commands_send_by_https() {
    let (authority, sink) = (Authority::new(), Sink::start().await);
    let mesh = shop(&authority, &sink, &[]).await;
    std::fs::write(mesh.folder().join("ca.crt"), authority.pem()).unwrap();
    let port = mesh.events("").rsplit(':').next().unwrap().to_owned();
    let url = format!("https://localhost:{port}/default/shop");
    mesh.cli(&["send", "default/shop", "--id", "by-name", "--ca-bundle", "ca.crt"]).await.done();
    run(mesh.folder(), &["send", &url, "--id", "by-url", "--ca-bundle", "ca.crt"]).await.done();
    let mut ids: Vec<String> = sink.got(2).await.iter().map(|got| got.header("ce-id").to_owned()).collect();
    ids.sort();
    assert_eq!(ids, ["by-name", "by-url"]);

    let distrustful = run(mesh.folder(), &["send", &url]).await;
    assert_eq!(distrustful.code, Some(69), "{distrustful:?}");
    let why = "its certificate is refused: its issuer is not trusted; add the issuer's root to `--ca-bundle`";
    assert!(distrustful.err.contains(why), "{}", distrustful.err);
    let elsewhere = format!("https://127.0.0.1:{port}/default/shop");
    let misled = run(mesh.folder(), &["send", &elsewhere, "--ca-bundle", "ca.crt"]).await;
    assert!(misled.err.contains("it is for another host name (localhost)"), "{}", misled.err);
    let plain = run(mesh.folder(), &["send", &url.replace("https", "http")]).await;
    assert!(plain.err.contains("does it want `https://`?"), "{}", plain.err);
    let secure = run(mesh.folder(), &["get", "--server", &mesh.admin("").replace("http", "https")]).await;
    assert!(secure.err.contains("does it want `http://`?"), "{}", secure.err);
    let torn = run(mesh.folder(), &["send", &url, "--ca-bundle", "manifests/mesh.yaml"]).await;
    assert_eq!(torn.code, Some(2), "{torn:?}");
    assert!(torn.err.contains("--ca-bundle") && torn.err.contains("holds no certificate"), "{}", torn.err);
}

#[tokio::test]
async fn files_that_cannot_be_used_end_the_start_with_one_line() {
    let (authority, mesh) = (Authority::new(), Mesh::new());
    mesh.write("mesh.yaml", &broker("shop", &[]));
    let (one, other) = (authority.issue("localhost"), authority.issue("localhost"));
    let hidden = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let old = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMIIB\n-----END EC PRIVATE KEY-----\n";
    for (name, content) in [
        ("one.crt", one.chain.as_str()),
        ("one.key", &one.key),
        ("other.key", &other.key),
        ("hidden.key", hidden),
        ("old.key", old),
        ("torn.key", one.key.split_at(60).0),
    ] {
        std::fs::write(mesh.folder().join(name), content).unwrap();
    }
    for (cert, key, words) in [
        ("none.crt", "one.key", &["--tls-cert none.crt: cannot be read"][..]),
        ("one.crt", "none.key", &["--tls-key none.key: cannot be read"]),
        ("one.crt", "other.key", &["--tls-key other.key: does not belong to the certificate"]),
        ("one.crt", "hidden.key", &["--tls-key hidden.key: is encrypted", "openssl pkey"]),
        ("one.crt", "old.key", &["--tls-key old.key: is encrypted"]),
        ("one.crt", "torn.key", &["--tls-key torn.key: is not PEM"]),
        ("one.key", "one.crt", &["--tls-cert one.key: holds a private key", "exchanged?"]),
    ] {
        let any = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--data", "data"];
        let given = ["run", "manifests", "--tls-cert", cert, "--tls-key", key];
        let ended = run(mesh.folder(), &[&given[..], &any].concat()).await;
        assert_eq!((ended.code, ended.err.lines().count()), (Some(64), 1), "{cert} {key}: {ended:?}");
        for word in words {
            assert!(ended.err.contains(word), "{cert} {key} does not say {word}: {}", ended.err);
        }
    }
}
