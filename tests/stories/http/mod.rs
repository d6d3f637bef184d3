//! HTTP as an attacker speaks it, against the running program: what is answered, what is not smuggled in, and
//! that the other connections are served all the while. `docs/http.md` has the list.

mod floods;
mod frames;
mod framing;
mod slow;

use crate::binding::{EVENT, Lab, post};
use tests::RawClient;

/// Another peer's events go through.
async fn others_are_served(lab: &Lab) {
    let mut client = RawClient::connect(&lab.mesh.events("")).await;
    for _ in 0..20 {
        assert!(client.send(post("/default/shop", EVENT.as_bytes(), b"another peer")).await);
        assert_eq!(client.answer().await.expect("an answer").status(), 202);
    }
}

/// Megabytes of memory that the process uses.
fn memory(lab: &Lab) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", lab.mesh.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}
