//! A certificate is exchanged while events come in.

use std::os::unix::fs::symlink;
use std::path::Path;
use tests::{Authority, Identity, Mesh, Message, Secure, Sink, Trigger, broker, until};

const LOADED: &str = "sluice_ingress_tls_reloads_total{result=\"loaded\"}";
const REFUSED: &str = "sluice_ingress_tls_reloads_total{result=\"refused\"}";

/// Mounts a pair as Kubernetes does: files are links into `..data`, which is a link that is exchanged at once.
fn mount(folder: &Path, version: &str, pair: &Identity) {
    std::fs::create_dir_all(folder.join(version)).unwrap();
    std::fs::write(folder.join(version).join("tls.crt"), &pair.chain).unwrap();
    std::fs::write(folder.join(version).join("tls.key"), &pair.key).unwrap();
    symlink(version, folder.join("..data_tmp")).unwrap();
    std::fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
    for file in ["tls.crt", "tls.key"] {
        let _ = symlink(Path::new("..data").join(file), folder.join(file));
    }
}

async fn shop(pair: &Identity, sink: &Sink) -> Mesh {
    let mut mesh = Mesh::new();
    mesh.write("mesh.yaml", &(broker("shop", &[]) + &Trigger::new("bill", &sink.url()).to_string()));
    mount(&mesh.folder().join("secret"), "..1", pair);
    mesh.flags(&["--tls-cert", "secret/tls.crt", "--tls-key", "secret/tls.key"]);
    mesh.start().await;
    mesh
}

#[tokio::test]
async fn a_new_certificate_is_shown_to_new_connections_and_the_old_ones_go_on() {
    let (authority, sink) = (Authority::new(), Sink::start().await);
    let (first, second, third) =
        (authority.issue("localhost"), authority.issue("localhost"), authority.issue("localhost"));
    let mesh = shop(&first, &sink).await;
    let connect = async || Secure::connect(&mesh.events(""), &authority, None, &["h2"]).await.unwrap();
    let mut old = connect().await;
    assert!(old.is_with(&first));

    mount(&mesh.folder().join("secret"), "..2", &second);
    until("the second certificate", async || connect().await.is_with(&second)).await;
    assert_eq!(old.post("/default/shop", Message::new("old", "order")).await.unwrap(), 202);
    assert_eq!(connect().await.post("/default/shop", Message::new("new", "order")).await.unwrap(), 202);
    sink.got(2).await;

    // Over the link itself, as an administrator might: one file, then the other.
    for (file, text) in [("tls.crt", &third.chain), ("tls.key", &third.key)] {
        let draft = mesh.folder().join("draft.pem");
        std::fs::write(&draft, text).unwrap();
        std::fs::rename(&draft, mesh.folder().join("secret").join(file)).unwrap();
    }
    until("the third certificate", async || connect().await.is_with(&third)).await;
    assert_eq!((mesh.metric(LOADED).await, mesh.metric(REFUSED).await), (2.0, 0.0));
}

#[tokio::test]
async fn a_broken_certificate_is_told_and_the_last_good_one_stays() {
    let (authority, sink) = (Authority::new(), Sink::start().await);
    let (first, second) = (authority.issue("localhost"), authority.issue("localhost"));
    let mesh = shop(&first, &sink).await;
    let connect = async || Secure::connect(&mesh.events(""), &authority, None, &[]).await.unwrap();

    let mixed = Identity { chain: second.chain.clone(), key: first.key.clone() };
    mount(&mesh.folder().join("secret"), "..2", &mixed);
    until("it is told", async || mesh.metric(REFUSED).await == 1.0).await;
    let line = mesh.said("the certificate read before stays in force").unwrap();
    assert!(line.contains("--tls-key secret/tls.key: does not belong to the certificate"), "{line}");
    assert!(connect().await.is_with(&first));

    std::fs::remove_file(mesh.folder().join("secret/..data")).unwrap();
    until("that there is none is told", async || mesh.metric(REFUSED).await == 2.0).await;
    let mut client = connect().await;
    assert!(client.is_with(&first));
    assert_eq!(client.post("/default/shop", Message::new("1", "order")).await.unwrap(), 202);

    mesh.hang_up();
    until("who asks is told again", async || mesh.metric(REFUSED).await == 3.0).await;
    mount(&mesh.folder().join("secret"), "..3", &second);
    until("the good one is taken", async || connect().await.is_with(&second)).await;
}
