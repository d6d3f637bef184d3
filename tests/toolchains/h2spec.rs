//! h2spec: the conformance tests for HTTP/2 (RFC 7540) and HPACK (RFC 7541), against the listener for events.

use std::process::Command;
use tests::{Authority, Mesh, broker, toolchain};

/// Speaking HTTP/1.1 and HTTP/2 on one port, without an agreement before, means that bytes which begin neither get an answer in HTTP/1.1: 400, then the
/// end of the connection. h2spec takes only the end.
const KNOWN: [&str; 1] = ["Sends invalid connection preface"];

#[tokio::test]
async fn every_case_for_servers_passes() {
    let mesh = Mesh::with(&[broker("shop", &[])]).await;
    assert_fail(&mesh, &[], &KNOWN).await;
}

#[tokio::test]
async fn where_http_2_was_agreed_on_every_case_passes() {
    let mut mesh = Mesh::new();
    mesh.write("mesh.yaml", &broker("shop", &[]));
    mesh.secure(&Authority::new().issue("localhost"));
    mesh.start().await;
    assert_fail(&mesh, &["--tls", "--insecure"], &[]).await;
}

/// Runs all cases; those that fail are the `known` ones.
async fn assert_fail(mesh: &Mesh, flags: &[&str], known: &[&str]) {
    let h2spec = toolchain::go::build("h2spec", "github.com/summerwind/h2spec/cmd/h2spec");
    let port = mesh.events("").rsplit(':').next().unwrap().to_owned();
    let report = mesh.folder().join("report.xml");
    let mut command = Command::new(h2spec);
    command.args(flags).args(["--strict", "--timeout", "10", "--path", "/default/shop", "--port", &port]);
    command.arg("--junit-report").arg(&report);
    let said = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let report = std::fs::read_to_string(report).unwrap();
    let cases: Vec<&str> = report.split("<testcase ").skip(1).collect();
    let has_failed = |case: &&str| case.contains("<error") || case.contains("<failure");
    let failed: Vec<&str> = cases.iter().copied().filter(has_failed).map(name).collect();
    assert_eq!(failed, known, "{}", String::from_utf8_lossy(&said.stdout));
    assert!(cases.len() >= 146, "only {} cases ran", cases.len());
    assert!(!report.contains("<skipped"), "{report}");
}

/// What a case is called: h2spec puts it where others put the name of a class.
fn name(case: &str) -> &str {
    case.split("classname=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or(case)
}
