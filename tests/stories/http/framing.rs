//! Where a message ends: two readers that disagree let one of them be deceived (request smuggling).

use super::others_are_served;
use crate::binding::{EVENT, Lab, post};
use tests::{RawClient, RawMessage};

/// What must not come out of the body of another request.
fn smuggled() -> Vec<u8> {
    post("/default/shop", EVENT.replace("ce-id: 1", "ce-id: smuggled").as_bytes(), b"")
}

/// A POST of an event with these headers instead of a length, and what follows it.
fn event(headers: &str, body: &[u8]) -> Vec<u8> {
    [format!("POST /default/shop HTTP/1.1\r\nHost: test\r\n{EVENT}{headers}\r\n").as_bytes(), body].concat()
}

/// Everything that is answered on one connection, whose sending side is closed at the end.
async fn answers(lab: &Lab, bytes: Vec<u8>) -> Vec<RawMessage> {
    let mut client = RawClient::connect(&lab.mesh.events("")).await;
    client.send(bytes).await;
    client.finish().await;
    let mut answers = Vec::new();
    while let Some(answer) = client.answer().await {
        answers.push(answer);
    }
    answers
}

/// It is refused with this status, the connection ends, and what follows it is not read as a request.
async fn refused(lab: &Lab, status: u16, what: &str, bytes: Vec<u8>) {
    let answers = answers(lab, [bytes, smuggled()].concat()).await;
    let statuses: Vec<u16> = answers.iter().map(RawMessage::status).collect();
    assert_eq!(statuses, [status], "{what}: {answers:?}");
}

/// Nothing of what was refused came through: the next event is the first that the sink sees.
async fn nothing_came_through(lab: &Lab) {
    let got = lab.pass(EVENT.replace("ce-id: 1", "ce-id: marker"), "").await;
    assert_eq!((got.header("ce-id"), lab.sink.count()), ("marker".into(), 1));
}

#[tokio::test]
async fn a_length_beside_chunks_is_ignored_and_ends_the_connection() {
    for headers in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    ] {
        let lab = Lab::new().await;
        let answers = answers(&lab, [event(headers, b"2\r\nhi\r\n0\r\n\r\n"), smuggled()].concat()).await;
        assert_eq!(answers.iter().map(RawMessage::status).collect::<Vec<_>>(), [202], "{headers}");
        assert_eq!(lab.sink.got(1).await[0].text(), "hi");
        others_are_served(&lab).await;
    }
}

#[tokio::test]
async fn lengths_that_disagree_or_are_no_numbers_are_400() {
    let lab = Lab::new().await;
    for length in [
        "0\r\nContent-Length: 5",
        "5, 5",
        "5, 6",
        "+5",
        "-5",
        "0x5",
        "5 5",
        "",
        "five",
        "99999999999999999999999",
    ] {
        refused(&lab, 400, length, event(&format!("Content-Length: {length}\r\n"), b"hello")).await;
    }
    nothing_came_through(&lab).await;
}

#[tokio::test]
async fn a_length_that_is_said_twice_alike_is_one_length() {
    let lab = Lab::new().await;
    let got = answers(&lab, event("Content-Length: 5\r\nContent-Length: 5\r\n", b"hello")).await;
    assert_eq!(got.iter().map(RawMessage::status).collect::<Vec<_>>(), [202]);
    assert_eq!(lab.sink.got(1).await[0].text(), "hello");
}

#[tokio::test]
async fn transfer_codings_that_do_not_end_in_chunked_are_400() {
    let lab = Lab::new().await;
    for coding in [
        "identity",
        "chunked, gzip",
        "xchunked",
        "\"chunked\"",
        "chunked\r\nTransfer-Encoding: identity",
        "\u{b}chunked",
    ] {
        refused(&lab, 400, coding, event(&format!("Transfer-Encoding: {coding}\r\n"), b"0\r\n\r\n")).await;
    }
    refused(&lab, 400, "a space before the colon", event("Transfer-Encoding : chunked\r\n", b"0\r\n\r\n"))
        .await;
    let old = event("Transfer-Encoding: chunked\r\n", b"0\r\n\r\n");
    let old = String::from_utf8(old).unwrap().replace("HTTP/1.1", "HTTP/1.0").into_bytes();
    refused(&lab, 400, "chunks in HTTP/1.0", old).await;
    nothing_came_through(&lab).await;
}

#[tokio::test]
async fn transfer_codings_below_chunked_are_501_and_end_the_connection() {
    let lab = Lab::new().await;
    for coding in
        ["gzip, chunked", "chunked\r\nTransfer-Encoding: chunked", "gzip\r\nTransfer-Encoding: chunked"]
    {
        refused(&lab, 501, coding, event(&format!("Transfer-Encoding: {coding}\r\n"), b"0\r\n\r\n")).await;
    }
    nothing_came_through(&lab).await;
}

#[tokio::test]
async fn folded_lines_are_400() {
    let lab = Lab::new().await;
    for headers in [
        "ce-x: a\r\n b\r\nContent-Length: 0\r\n",
        "ce-x: a\r\n\tb\r\nContent-Length: 0\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
    ] {
        refused(&lab, 400, headers, event(headers, b"")).await;
    }
    let first = event("Content-Length: 0\r\n", b"");
    refused(
        &lab,
        400,
        "the first line",
        String::from_utf8(first).unwrap().replace("\r\nHost", "\r\n Host").into(),
    )
    .await;
    nothing_came_through(&lab).await;
}

#[tokio::test]
async fn nul_and_lone_cr_are_400_wherever_they_stand() {
    let lab = Lab::new().await;
    for headers in ["ce-x: a\0b\r\n", "ce-x\0: a\r\n", "\0ce-x: a\r\n", "ce-x: a\rb\r\n", "ce-x: a\r\r\n"] {
        refused(&lab, 400, headers, event(&format!("{headers}Content-Length: 0\r\n"), b"")).await;
    }
    let path = String::from_utf8(event("Content-Length: 0\r\n", b"")).unwrap().replace("/shop", "/shop\0");
    refused(&lab, 400, "in the path", path.into_bytes()).await;
    nothing_came_through(&lab).await;
}

#[tokio::test]
async fn a_line_may_end_with_a_bare_lf() {
    let lab = Lab::new().await;
    let request = String::from_utf8(event("Content-Length: 2\r\n", b"hi")).unwrap().replace("\r\n", "\n");
    let got = answers(&lab, request.into_bytes()).await;
    assert_eq!(got.iter().map(RawMessage::status).collect::<Vec<_>>(), [202]);
    assert_eq!(lab.sink.got(1).await[0].text(), "hi");
}

#[tokio::test]
async fn lines_that_are_no_headers_are_400() {
    let lab = Lab::new().await;
    for line in ["nonsense", ": x", "a b: c", "ce-ä: x", "ce-x : y", "{}: y"] {
        refused(&lab, 400, line, event(&format!("{line}\r\nContent-Length: 0\r\n"), b"")).await;
    }
    nothing_came_through(&lab).await;
}

#[tokio::test]
async fn request_lines_that_are_none_are_400() {
    let lab = Lab::new().await;
    for line in [
        "GET /default/shop",
        "POST  /default/shop HTTP/1.1",
        "POST\t/default/shop\tHTTP/1.1",
        "POST /default/shop http/1.1",
        "POST /default/shop HTTP/1.2",
        "POST /default/shop HTTP/2.0",
        "POST /default/shop HTTP/9.9",
        "\u{16}\u{3}\u{1}",
    ] {
        refused(&lab, 400, line, format!("{line}\r\nHost: test\r\nContent-Length: 0\r\n\r\n").into_bytes())
            .await;
    }
    nothing_came_through(&lab).await;
}

#[tokio::test]
async fn chunks_that_are_none_are_400() {
    let lab = Lab::new().await;
    for body in [
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "5\nhello\n0\n\n",
        "5;a\nhello\r\n0\r\n\r\n",
        &format!("5;{}\r\nhello\r\n0\r\n\r\n", "a".repeat(40_000)),
        &format!("0\r\n{}\r\n", "x: y\r\n".repeat(10_000)),
    ] {
        let shown = body.chars().take(40).collect::<String>();
        refused(&lab, 400, &shown, event("Transfer-Encoding: chunked\r\n", body.as_bytes())).await;
    }
    nothing_came_through(&lab).await;
}

#[tokio::test]
async fn chunk_extensions_and_trailers_mean_nothing() {
    let lab = Lab::new().await;
    let body = "5;a=b;c=\"d\"\r\nhello\r\n0\r\nce-id: 2\r\nContent-Length: 50\r\n\r\n";
    let got = answers(&lab, event("Transfer-Encoding: chunked\r\n", body.as_bytes())).await;
    assert_eq!(got.iter().map(RawMessage::status).collect::<Vec<_>>(), [202]);
    let got = lab.sink.got(1).await.remove(0);
    assert_eq!((got.header("ce-id"), got.text()), ("1".into(), "hello".into()));
}

#[tokio::test]
async fn the_absolute_form_names_the_target_and_the_host() {
    let lab = Lab::new().await;
    for (target, status) in [
        ("http://any/default/shop", 202),
        ("http://user:password@any/default/shop", 202),
        ("http://any/default/nobody", 404),
        ("http://any", 404),
        ("/x/../default/shop", 404),
        ("/default%2Fshop", 404),
        ("/default/sho%70", 404),
        ("/default\\shop", 404),
    ] {
        let request = event("Content-Length: 0\r\n", b"");
        let request =
            String::from_utf8(request).unwrap().replace("POST /default/shop", &format!("POST {target}"));
        let got = answers(&lab, request.into_bytes()).await;
        assert_eq!(got.iter().map(RawMessage::status).collect::<Vec<_>>(), [status], "{target}");
    }
    let got = answers(&lab, b"OPTIONS * HTTP/1.1\r\nHost: test\r\n\r\n".to_vec()).await;
    assert_eq!(got[0].status(), 404);
}

#[tokio::test]
async fn a_body_nobody_reads_is_not_taken_for_the_next_request() {
    let lab = Lab::new().await;
    for start in ["POST /default/nobody", "GET /default/shop", "PUT /default/shop", "OPTIONS /default/shop"] {
        let length = smuggled().len() + 1000;
        let head = format!("{start} HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n\r\n");
        let got = answers(&lab, [head.as_bytes(), &smuggled()].concat()).await;
        assert_eq!(got.len(), 1, "{start}: {got:?}");
        assert_eq!(got[0].header("connection"), "close", "{start}");
    }
    nothing_came_through(&lab).await;
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let lab = Lab::new().await;
    let one = |n: usize| {
        post(if n.is_multiple_of(3) { "/default/nobody" } else { "/default/shop" }, EVENT.as_bytes(), b"x")
    };
    let all: Vec<u8> = (0..300).flat_map(one).collect();
    let got = answers(&lab, all).await;
    let statuses: Vec<u16> = got.iter().map(RawMessage::status).collect();
    let wanted: Vec<u16> = (0..300usize).map(|n| if n.is_multiple_of(3) { 404 } else { 202 }).collect();
    assert_eq!(statuses, wanted);
    lab.sink.got(200).await;
}

#[tokio::test]
async fn more_than_a_hundred_headers_or_64_kib_are_431() {
    let lab = Lab::new().await;
    let headers =
        |n: usize| (0..n).map(|n| format!("x-{n}: y\r\n")).collect::<String>() + "Content-Length: 0\r\n";
    assert_eq!(answers(&lab, event(&headers(94), b"")).await[0].status(), 202);
    assert_eq!(answers(&lab, event(&headers(95), b"")).await[0].status(), 431);
    let long = event(&format!("x: {}\r\nContent-Length: 0\r\n", "y".repeat(70_000)), b"");
    assert_eq!(answers(&lab, long).await[0].status(), 431);
    let line = format!("POST /default/shop?{} HTTP/1.1\r\nHost: test\r\n\r\n", "a".repeat(70_000));
    assert_eq!(answers(&lab, line.into_bytes()).await[0].status(), 431);
    others_are_served(&lab).await;
}
