//! What a peer may not do, and that it costs the others nothing.

use crate::client::{Client, ask, post, post_json};
use crate::house::House;
use ingress::Options;
use std::time::Duration;
use tokio::time::Instant;

const PATH: &str = "/default/shop";

fn small() -> Options {
    Options { max_event_size: 1000, ..Options::default() }
}

fn seconds(range: std::ops::RangeInclusive<u64>, since: Instant) {
    let took = since.elapsed();
    let range = Duration::from_secs(*range.start())..=Duration::from_secs(*range.end());
    assert!(range.contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_come_closes_the_connection() {
    let house = House::open().await;
    let start = Instant::now();
    let mut silent = Client::connect(house.address).await;
    let mut slow = Client::connect(house.address).await;
    slow.send("POST /default/shop HTTP/1.1\r\nHost: te").await;
    slow.closed().await;
    silent.closed().await;
    seconds(10..=12, start);
    assert_eq!(house.metric("sluice_ingress_connections_cut_total"), 2);
}

#[tokio::test(start_paused = true)]
async fn the_next_head_has_its_ten_seconds_too() {
    let house = House::open().await;
    let mut client = Client::connect(house.address).await;
    client.send(post(PATH, "", "")).await;
    assert_eq!(client.answer().await.status, 202);
    tokio::time::sleep(Duration::from_secs(60)).await;
    client.send(post(PATH, "", "")).await;
    assert_eq!(client.answer().await.status, 202);
    let start = Instant::now();
    client.send("POST /def").await;
    client.closed().await;
    seconds(10..=12, start);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_after_two_minutes() {
    let house = House::open().await;
    let mut client = Client::connect(house.address).await;
    client.send(post(PATH, "", "")).await;
    client.answer().await;
    let start = Instant::now();
    client.closed().await;
    seconds(120..=122, start);
    assert_eq!(house.metric("sluice_ingress_connections_cut_total"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_pauses_is_408() {
    let house = House::open().await;
    let start = Instant::now();
    let mut client = Client::connect(house.address).await;
    client.send(post(PATH, "", "12345").trim_end_matches("345")).await;
    tokio::time::sleep(Duration::from_secs(29)).await;
    client.send("3").await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 408);
    seconds(59..=60, start);
    assert_eq!(answer.problem("detail"), "the body paused for more than 30 s");
    client.finish().await;
    client.closed().await;
}

#[tokio::test]
async fn one_slow_peer_does_not_hold_the_others() {
    let house = House::open().await;
    let mut slow = Client::connect(house.address).await;
    let request = post(PATH, "", "12345");
    slow.send(&request[..request.len() - 1]).await;
    for _ in 0..10 {
        assert_eq!(ask(house.address, post(PATH, "", "x")).await.status, 202);
    }
    slow.send("5").await;
    assert_eq!(slow.answer().await.status, 202);
}

#[tokio::test]
async fn a_head_of_64_kib_is_refused_and_a_smaller_one_is_not() {
    let house = House::open().await;
    let long = |n: usize| post(PATH, &format!("ce-long: {}\r\n", "x".repeat(n)), "");
    assert_eq!(ask(house.address, long(63 * 1024)).await.status, 202);
    let mut client = Client::connect(house.address).await;
    client.try_send(long(70 * 1024)).await;
    assert_eq!(client.answer().await.status, 431);
}

#[tokio::test]
async fn an_announced_body_that_is_too_large_is_413_at_once() {
    let house = House::with(small()).await;
    let mut client = Client::connect(house.address).await;
    client.send(post(PATH, "", "").replace("Content-Length: 0", "Content-Length: 1001")).await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.header("connection")), (413, Some("close")));
    assert!(answer.problem("detail").contains("1000"), "{}", answer.body);
    assert_eq!(ask(house.address, post(PATH, "", &"x".repeat(1000))).await.status, 202);
}

#[tokio::test]
async fn a_body_without_length_is_413_when_it_has_grown_too_large() {
    let house = House::with(small()).await;
    let mut client = Client::connect(house.address).await;
    client.send(post(PATH, "", "").replace("Content-Length: 0", "Transfer-Encoding: chunked")).await;
    let chunk = format!("1f4\r\n{}\r\n", "x".repeat(500));
    client.send(&chunk).await;
    client.send(&chunk).await;
    client.send("1\r\nx\r\n").await;
    assert_eq!(client.answer().await.status, 413);
}

#[tokio::test]
async fn a_peer_that_sends_its_large_body_blindly_still_reads_the_answer() {
    let house = House::with(small()).await;
    let mut client = Client::connect(house.address).await;
    let body = "x".repeat(8 * 1024 * 1024);
    assert!(client.try_send(post(PATH, "", &body)).await, "the connection was reset under the body");
    assert_eq!(client.answer().await.status, 413);
    client.finish().await;
    client.closed().await;
}

#[tokio::test]
async fn a_batch_may_have_sixteen_times_the_size_of_an_event() {
    let house = House::with(small()).await;
    let member = r#"{"specversion":"1.0","id":"a","source":"/test","type":"test","data":"x"}"#;
    let of = |n: usize| format!("[{}]", vec![member; n].join(","));
    let batch = "Application/CloudEvents-Batch+JSON; charset=utf-8";
    assert_eq!(
        ask(house.address, post_json(PATH, batch, &of(15_900 / (member.len() + 1)))).await.status,
        202
    );
    assert_eq!(ask(house.address, post_json(PATH, batch, &of(300))).await.status, 413);
}

#[tokio::test]
async fn bodies_that_find_no_memory_are_503() {
    let house = House::with(Options { body_memory: 1000, ..Options::default() }).await;
    let chunks = format!("258\r\n{0}\r\n258\r\n{0}\r\n0\r\n\r\n", "x".repeat(600));
    let chunked = post(PATH, "", "").replace("Content-Length: 0", "Transfer-Encoding: chunked") + &chunks;
    let answer = ask(house.address, &chunked).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
    assert_eq!(ask(house.address, post(PATH, "", "small")).await.status, 202);
}

#[tokio::test]
async fn at_the_connection_limit_new_peers_wait_for_a_place() {
    let house = House::with(Options { max_connections: 2, ..Options::default() }).await;
    let mut first = Client::connect(house.address).await;
    let mut second = Client::connect(house.address).await;
    for client in [&mut first, &mut second] {
        client.send(post(PATH, "", "")).await;
        assert_eq!(client.answer().await.status, 202);
    }
    let mut third = Client::connect(house.address).await;
    third.send(post(PATH, "", "")).await;
    let waits = tokio::time::timeout(Duration::from_millis(50), third.try_answer()).await;
    assert!(waits.is_err(), "a third connection was served");
    assert_eq!(house.metric("sluice_ingress_connections"), 2);
    assert_eq!(house.metric("sluice_ingress_connection_limit_reached_total"), 1);
    drop(first);
    assert_eq!(third.answer().await.status, 202);
}
