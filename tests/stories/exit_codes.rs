//! What scripts see when something is wrong: a code and one line that says what to do.

use tests::{Mesh, Sink, Trigger, broker, run};

async fn refused(mesh: &Mesh, args: &[&str], code: i32, words: &[&str]) {
    let ended = run(mesh.folder(), args).await;
    assert_eq!(ended.code, Some(code), "{args:?}: {ended:?}");
    for word in words {
        assert!(ended.err.contains(word), "{args:?} does not say {word}: {}", ended.err);
    }
}

#[tokio::test]
async fn what_is_taken_is_1() {
    let sink = Sink::start().await;
    let mesh = Mesh::with(&[broker("shop", &[]), Trigger::new("bill", &sink.url()).to_string()]).await;
    let (events, admin) = (mesh.events("").replace("http://", ""), mesh.admin("").replace("http://", ""));
    let any = "127.0.0.1:0";
    let start = ["run", "manifests", "--data"];
    refused(
        &mesh,
        &[&start[..], &["other", "--listen", &events, "--admin", any]].concat(),
        1,
        &[&events, "--listen"],
    )
    .await;
    refused(
        &mesh,
        &[&start[..], &["other", "--listen", any, "--admin", &admin]].concat(),
        1,
        &[&admin, "--admin"],
    )
    .await;
    let pid = mesh.pid().to_string();
    refused(&mesh, &[&start[..], &["data", "--listen", any, "--admin", any]].concat(), 1, &["data", &pid])
        .await;
    refused(
        &mesh,
        &[&start[..], &["manifests/mesh.yaml", "--listen", any, "--admin", any]].concat(),
        1,
        &["manifests/mesh.yaml"],
    )
    .await;
}

#[tokio::test]
async fn what_makes_no_sense_is_64() {
    let mesh = Mesh::new();
    let any = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    refused(&mesh, &[&["run", "nowhere"][..], &any].concat(), 64, &["nowhere"]).await;
    refused(&mesh, &[&["run", "manifests"][..], &any].concat(), 64, &["manifests"]).await;
    refused(&mesh, &["check", "nowhere"], 64, &["nowhere"]).await;
    mesh.write("good.yaml", &broker("shop", &[]));
    let roots = ["run", "manifests/good.yaml", "--ca-bundle", "manifests/good.yaml"];
    let words = ["--ca-bundle manifests/good.yaml: holds no certificate"];
    refused(&mesh, &[&roots[..], &any].concat(), 64, &words).await;
    mesh.remove("good.yaml");
    mesh.write("torn.yaml", "kind: [");
    refused(&mesh, &[&["run", "manifests"][..], &any].concat(), 64, &["torn.yaml:1: "]).await;
}

#[tokio::test]
async fn wrong_usage_is_2_and_says_how() {
    let mesh = Mesh::new();
    refused(&mesh, &["run", "--nonsense"], 2, &["--nonsense", "Usage"]).await;
    refused(&mesh, &["run", "--listen", "nowhere"], 2, &["--listen"]).await;
    refused(&mesh, &["run", "--max-event-size", "many"], 2, &["--max-event-size"]).await;
    refused(&mesh, &["dlq", "redrive"], 2, &["--all"]).await;
    refused(&mesh, &["nonsense"], 2, &["nonsense"]).await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_69() {
    let mesh = Mesh::new();
    for command in [&["get"][..], &["dlq", "list"], &["tail"]] {
        refused(&mesh, &[command, &["--server", "http://127.0.0.1:1"]].concat(), 69, &["127.0.0.1:1"]).await;
    }
}

#[tokio::test]
async fn clean_manifests_are_0_and_strictness_counts_warnings() {
    let mesh = Mesh::new();
    mesh.write("mesh.yaml", &broker("shop", &[]));
    run(mesh.folder(), &["check", "manifests"]).await.done();
    mesh.write("mesh.yaml", &broker("shop", &["sluice.dev/nonsense: \"1\""]));
    run(mesh.folder(), &["check", "manifests"]).await.done();
    assert_eq!(run(mesh.folder(), &["check", "--strict", "manifests"]).await.code, Some(1));
    run(mesh.folder(), &["version"]).await.done();
}
