//! HTTP as it is spoken: versions, framing, connections.

use crate::client::{Client, EVENT, ask, post};
use crate::house::House;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

const PATH: &str = "/default/shop";

#[tokio::test]
async fn requests_follow_each_other_on_one_connection() {
    let house = House::open().await;
    let mut client = Client::connect(house.address).await;
    for path in [PATH, "/channels/default/shop", "/default/nobody", PATH] {
        client.send(post(path, "", "x")).await;
        assert_eq!(client.answer().await.status, if path.contains("nobody") { 404 } else { 202 });
    }
    assert_eq!(house.metric(r#"sluice_events_accepted_total{target="default/shop"}"#), 2);
    assert_eq!(house.metric("sluice_ingress_connections"), 1);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let house = House::open().await;
    let mut client = Client::connect(house.address).await;
    client.send([post(PATH, "", "1"), post("/no/body", "", "2"), post(PATH, "", "3")].concat()).await;
    for expected in [202, 404, 202] {
        assert_eq!(client.answer().await.status, expected);
    }
    assert_eq!(house.accepted().await.len(), 2);
}

#[tokio::test]
async fn http_2_with_prior_knowledge() {
    let house = House::open().await;
    let stream = TcpStream::connect(house.address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(connection);
    let request = |path: &str, size: usize| {
        hyper::Request::post(format!("http://test{path}"))
            .header("ce-specversion", "1.0")
            .header("ce-id", "1")
            .header("ce-source", "/test")
            .header("ce-type", "test")
            .body(Full::new(Bytes::from(vec![b'x'; size])))
            .unwrap()
    };
    let answers = futures::future::join_all(
        [(PATH, 10), ("/no/body", 10), (PATH, 2_000_000), (PATH, 500_000)]
            .map(|(path, size)| sender.send_request(request(path, size))),
    );
    let statuses: Vec<u16> = answers.await.into_iter().map(|a| a.unwrap().status().as_u16()).collect();
    assert_eq!(statuses, [202, 404, 413, 202]);
    let by_host = hyper::Request::post("http://shop-kn-channel.default.svc/").body(Full::default()).unwrap();
    let answer = sender.send_request(by_host).await.unwrap();
    assert_eq!(answer.status(), 400);
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&body).contains("invalid-event"));
    house.shutdown.cancel();
    driver.await.unwrap().unwrap();
    house.serving.await.unwrap();
}

#[tokio::test]
async fn an_absolute_request_target_beats_the_host_header() {
    let house = House::open().await;
    let absolute = |uri: &str| post(uri, "", "x");
    assert_eq!(ask(house.address, absolute("http://test/default/shop")).await.status, 202);
    assert_eq!(ask(house.address, absolute("http://shop-kn-channel.default.svc/")).await.status, 202);
    assert_eq!(house.metric(r#"sluice_events_accepted_total{target="channels/default/shop"}"#), 1);
}

/// What was found by a host is not remembered for a path.
#[tokio::test]
async fn two_slashes_are_no_target_whoever_came_before() {
    let house = House::open().await;
    for host in ["shop-kn-channel.default.svc", "another-kn-channel.default.svc"] {
        let request = post("//", "", "x").replace("Host: test", &format!("Host: {host}"));
        assert!(request.contains(host), "{request}");
        assert_eq!(ask(house.address, request).await.status, 404, "{host}");
    }
}

#[tokio::test]
async fn transfer_encoding_beats_content_length_and_ends_the_connection() {
    let house = House::open().await;
    let mut client = Client::connect(house.address).await;
    let head =
        post(PATH, "Transfer-Encoding: chunked\r\n", "").replace("Content-Length: 0", "Content-Length: 3");
    client.send(head + "5\r\nhello\r\n0\r\n\r\n" + &post(PATH, "", "smuggled")).await;
    assert_eq!(client.answer().await.status, 202);
    client.closed().await;
    let accepted = house.accepted().await;
    assert_eq!(accepted.len(), 1);
    assert_eq!(accepted[0].event.data().bytes(), "hello");
}

#[tokio::test]
async fn two_lengths_and_bytes_that_are_no_request_are_400() {
    let house = House::open().await;
    let twice = post(PATH, "Content-Length: 4\r\n", "12345");
    for request in [
        twice.as_str(),
        "\u{0}\u{1}\u{2}\r\n\r\n",
        "POST / HTTP/9.9\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nx y: z\r\n\r\n",
    ] {
        let answer = ask(house.address, request).await;
        assert!((400..500).contains(&answer.status), "{request}: {}", answer.status);
    }
    assert!(house.accepted().await.is_empty());
}

#[tokio::test]
async fn http_1_0_needs_no_host() {
    let house = House::open().await;
    let mut client = Client::connect(house.address).await;
    client.send(format!("POST {PATH} HTTP/1.0\r\n{EVENT}Content-Length: 1\r\n\r\nx")).await;
    assert_eq!(client.answer().await.status, 202);
    client.closed().await;
}

#[tokio::test]
async fn one_connection_may_address_several_channels_by_host() {
    let house = House::open().await;
    let mut client = Client::connect(house.address).await;
    for (host, status) in [("shop-kn-channel.default", 202), ("other-kn-channel.default", 404)] {
        client.send(post("/", "", "").replace("Host: test", &format!("Host: {host}"))).await;
        assert_eq!(client.answer().await.status, status);
    }
}

#[tokio::test]
async fn a_peer_that_closes_its_half_still_gets_the_answer() {
    let house = House::open().await;
    house.gate.close();
    let mut client = Client::connect(house.address).await;
    client.send(post(PATH, "", "x")).await;
    client.finish().await;
    house.gate.holds(1).await;
    tokio::task::yield_now().await;
    house.gate.open();
    assert_eq!(client.answer().await.status, 202);
    client.closed().await;
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_event() {
    let house = House::open().await;
    let mut client = Client::connect(house.address).await;
    let request = post(PATH, "", "12345");
    client.send(&request[..request.len() - 1]).await;
    client.finish().await;
    assert_eq!(client.answer().await.status, 400);
    assert!(house.accepted().await.is_empty());
}

#[tokio::test]
async fn the_peer_is_told_to_go_on_only_when_the_body_is_wanted() {
    let house = House::open().await;
    let expecting = |path: &str, length: usize| {
        let length = format!("Content-Length: {length}");
        post(path, "Expect: 100-continue\r\n", "").replace("Content-Length: 0", &length)
    };
    let mut client = Client::connect(house.address).await;
    client.send(expecting(PATH, 5)).await;
    assert_eq!(client.answer().await.status, 100);
    client.send("hello").await;
    assert_eq!(client.answer().await.status, 202);
    assert_eq!(ask(house.address, expecting("/no/body", 5)).await.status, 404);
    assert_eq!(ask(house.address, expecting(PATH, 5_000_000)).await.status, 413);
}
