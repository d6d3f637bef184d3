//! Beginning and end of a listener.

use crate::client::{Client, post};
use crate::house::House;
use ingress::{BindError, Ingress, Options};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

const PATH: &str = "/default/shop";

#[tokio::test]
async fn draining_finishes_what_came_and_closes_the_rest() {
    let mut house = House::open().await;
    let mut idle = Client::connect(house.address).await;
    idle.send(post(PATH, "", "")).await;
    assert_eq!(idle.answer().await.status, 202);
    house.gate.close();
    let mut busy = Client::connect(house.address).await;
    busy.send(post(PATH, "", "x")).await;
    house.gate.holds(1).await;

    house.shutdown.cancel();
    idle.closed().await;
    assert!(TcpStream::connect(house.address).await.is_err(), "a new connection was accepted");
    assert!(timeout(Duration::from_millis(20), &mut house.serving).await.is_err(), "it did not wait");

    house.gate.open();
    let answer = busy.answer().await;
    assert_eq!((answer.status, answer.header("connection")), (202, Some("close")));
    busy.closed().await;
    house.serving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn draining_does_not_wait_for_a_head_that_never_comes() {
    let house = House::open().await;
    let mut slow = Client::connect(house.address).await;
    slow.send("POST /def").await;
    let start = Instant::now();
    house.shutdown.cancel();
    house.serving.await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(12), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn draining_waits_for_no_peer_whose_body_was_read() {
    let house = House::open().await;
    let mut idle = Client::connect(house.address).await;
    let chunked = post(PATH, "", "").replace("Content-Length: 0", "Transfer-Encoding: chunked");
    idle.send(chunked + "1\r\nx\r\n0\r\n\r\n").await;
    assert_eq!(idle.answer().await.status, 202);
    let start = Instant::now();
    house.shutdown.cancel();
    house.serving.await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[tokio::test]
async fn the_deadline_is_the_callers() {
    let house = House::open().await;
    house.gate.close();
    let mut busy = Client::connect(house.address).await;
    busy.send(post(PATH, "", "x")).await;
    house.gate.holds(1).await;
    house.shutdown.cancel();
    house.serving.abort();
    busy.closed().await;
}

#[tokio::test]
async fn an_address_in_use_is_named_with_what_to_do() {
    let first = Ingress::bind(([127, 0, 0, 1], 0).into(), Options::default()).await.unwrap();
    let error = Ingress::bind(first.local_addr(), Options::default()).await.unwrap_err();
    assert!(matches!(error, BindError::InUse(address) if address == first.local_addr()));
    assert!(error.to_string().contains("--listen"), "{error}");
    let error = Ingress::bind(([203, 0, 113, 1], 0).into(), Options::default()).await.unwrap_err();
    assert!(matches!(error, BindError::NotHere(_)), "{error}");
}
