//! Peers that send little and slowly. When they are cut off is tested with a clock of its own: `ingress`, `limits.rs`.

use super::{memory, others_are_served};
use crate::binding::{EVENT, Lab, post};
use tests::RawClient;

async fn connections(lab: &Lab, number: usize, bytes: &[u8]) -> Vec<RawClient> {
    let mut clients = Vec::new();
    for _ in 0..number {
        let mut client = RawClient::connect(&lab.mesh.events("")).await;
        assert!(client.send(bytes).await);
        clients.push(client);
    }
    clients
}

#[tokio::test]
async fn heads_that_do_not_end_hold_nobody_else() {
    let lab = Lab::new().await;
    let half = post("/default/shop", EVENT.as_bytes(), b"");
    let mut slow = connections(&lab, 200, &half[..half.len() - 3]).await;
    others_are_served(&lab).await;
    assert!(slow[0].send("\n\r\n").await);
    assert_eq!(slow[0].answer().await.unwrap().status(), 202);
}

#[tokio::test]
async fn bodies_that_do_not_end_hold_nobody_else() {
    let lab = Lab::new().await;
    let half = post("/default/shop", EVENT.as_bytes(), b"12345");
    let mut slow = connections(&lab, 200, &half[..half.len() - 1]).await;
    others_are_served(&lab).await;
    assert!(slow[0].send("5").await);
    assert_eq!(slow[0].answer().await.unwrap().status(), 202);
}

#[tokio::test]
async fn an_announced_length_costs_no_memory() {
    let lab = Lab::new().await;
    let before = memory(&lab);
    let head = String::from_utf8(post("/default/shop", EVENT.as_bytes(), b"")).unwrap();
    let head = head.replace("Content-Length: 0", "Content-Length: 1048576");
    let _slow = connections(&lab, 200, head.as_bytes()).await;
    others_are_served(&lab).await;
    assert!(memory(&lab) < before + 50, "{} MB, before {before} MB", memory(&lab));
}

#[tokio::test]
async fn an_answer_nobody_reads_holds_nobody_else() {
    let lab = Lab::new().await;
    let request = post("/default/nobody", EVENT.as_bytes(), b"");
    let _deaf = connections(&lab, 20, &request.repeat(200)).await;
    others_are_served(&lab).await;
}
