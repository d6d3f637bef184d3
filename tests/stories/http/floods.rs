//! HTTP/2 frames in numbers that no honest peer sends.

use super::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, HEADERS, PING, RST_STREAM, SETTINGS,
    event, field, frame, goodbye, parse, preface,
};
use super::{memory, others_are_served};
use crate::binding::Lab;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tests::{RawClient, until};
use tokio::task::JoinHandle;

/// More than this a flood must not cost.
const MEGABYTES: u64 = 60;

/// Sends `round` again and again from a task of its own and does not read. Returns when all is sent, or nothing
/// more goes out because the server does not read either.
async fn flood(lab: &Lab, round: Vec<u8>, rounds: usize) -> JoinHandle<()> {
    let mut client = RawClient::connect(&lab.mesh.events("")).await;
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = sent.clone();
    let sending = tokio::spawn(async move {
        client.send(preface()).await;
        for _ in 0..rounds {
            if !client.send(&round).await {
                break;
            }
            counted.fetch_add(1, Ordering::Relaxed);
        }
        std::future::pending::<()>().await;
    });
    let (mut before, mut still) = (0, 0);
    until("the flood to end or to be held", async || {
        let now = sent.load(Ordering::Relaxed);
        still = if std::mem::replace(&mut before, now) == now { still + 1 } else { 0 };
        still > 20
    })
    .await;
    sending
}

async fn costs_nobody_anything(round: Vec<u8>, rounds: usize) {
    let lab = Lab::new().await;
    let before = memory(&lab);
    let sending = flood(&lab, round, rounds).await;
    others_are_served(&lab).await;
    assert!(memory(&lab) < before + MEGABYTES, "{} MB, before {before} MB", memory(&lab));
    sending.abort();
}

/// Sends it all, and reads until the server ends the connection.
async fn ended_with(lab: &Lab, bytes: Vec<u8>) -> Option<u32> {
    let mut client = RawClient::connect(&lab.mesh.events("")).await;
    client.send([preface(), bytes].concat()).await;
    goodbye(&client.rest().await)
}

#[tokio::test]
async fn a_ping_flood_is_held_back_and_costs_nobody_anything() {
    costs_nobody_anything(frame(PING, 0, 0, &[0; 8]).repeat(1000), 10_000).await;
}

#[tokio::test]
async fn odd_frames_do_not_fill_the_log() {
    let lab = Lab::new().await;
    const ACK: u8 = 1;
    let sending = flood(&lab, frame(PING, ACK, 0, &[0; 8]).repeat(100), 10).await;
    others_are_served(&lab).await;
    assert_eq!(lab.mesh.said("PING"), None);
    sending.abort();
}

#[tokio::test]
async fn a_settings_flood_is_held_back_and_costs_nobody_anything() {
    costs_nobody_anything(frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 255, 255]).repeat(1000), 10_000).await;
}

#[tokio::test]
async fn a_flood_of_empty_data_costs_nobody_anything() {
    let lab = Lab::new().await;
    let before = memory(&lab);
    let mut client = RawClient::connect(&lab.mesh.events("")).await;
    client.send([preface(), frame(HEADERS, END_HEADERS, 1, &event())].concat()).await;
    let sending = tokio::spawn(async move {
        let empty = frame(DATA, 0, 1, &[]).repeat(1000);
        while client.send(&empty).await {}
    });
    others_are_served(&lab).await;
    assert!(memory(&lab) < before + MEGABYTES, "{} MB, before {before} MB", memory(&lab));
    sending.abort();
}

#[tokio::test]
async fn streams_that_are_opened_and_reset_end_the_connection() {
    let lab = Lab::new().await;
    let pair = |n: u32| {
        let stream = 2 * n + 1;
        [frame(HEADERS, END_HEADERS, stream, &event()), frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])].concat()
    };
    let code = ended_with(&lab, (0..20_000).flat_map(pair).collect()).await;
    assert!(code.is_none_or(|code| code == ENHANCE_YOUR_CALM), "{code:?}");
    others_are_served(&lab).await;
}

#[tokio::test]
async fn headers_that_go_on_for_ever_end_the_connection() {
    let lab = Lab::new().await;
    let start = frame(HEADERS, END_STREAM, 1, &event());
    let more = frame(CONTINUATION, 0, 1, &field("x", &"y".repeat(100)).repeat(100));
    let before = memory(&lab);
    let code = ended_with(&lab, [start, more.repeat(1000)].concat()).await;
    assert_ne!(code, Some(0));
    assert!(memory(&lab) < before + MEGABYTES, "{} MB, before {before} MB", memory(&lab));
    others_are_served(&lab).await;
}

#[tokio::test]
async fn empty_continuations_end_the_connection() {
    let lab = Lab::new().await;
    let start = frame(HEADERS, END_STREAM, 1, &event());
    let code = ended_with(&lab, [start, frame(CONTINUATION, 0, 1, &[]).repeat(10_000)].concat()).await;
    assert_ne!(code, Some(0));
    others_are_served(&lab).await;
}

#[tokio::test]
async fn more_than_256_streams_are_refused_and_the_first_go_on() {
    let lab = Lab::new().await;
    let mut client = RawClient::connect(&lab.mesh.events("")).await;
    let opened: Vec<u8> = (0..300).flat_map(|n| frame(HEADERS, END_HEADERS, 2 * n + 1, &event())).collect();
    assert!(client.send([preface(), opened].concat()).await);
    assert!(
        client
            .send((0..256).flat_map(|n| frame(DATA, END_STREAM, 2 * n + 1, b"x")).collect::<Vec<u8>>())
            .await
    );
    lab.sink.got(256).await;
    client.finish().await;
    let frames = parse(&client.rest().await);
    let refused = frames.iter().filter(|(kind, _, code)| *kind == RST_STREAM && code.ends_with(&[7])).count();
    let answered = frames.iter().filter(|(kind, stream, _)| *kind == HEADERS && *stream > 0).count();
    assert_eq!((answered, refused), (256, 44));
    others_are_served(&lab).await;
}

#[tokio::test]
async fn a_header_list_of_more_than_64_kib_is_refused() {
    let lab = Lab::new().await;
    let mut client = RawClient::connect(&lab.mesh.events("")).await;
    let fields: Vec<u8> = (0..700).flat_map(|n| field(&format!("x-{n}"), &"y".repeat(100))).collect();
    let (first, rest) = fields.split_at(10_000);
    let mut bytes = [preface(), frame(HEADERS, END_STREAM, 1, &[event(), first.to_vec()].concat())].concat();
    let pieces: Vec<&[u8]> = rest.chunks(16_000).collect();
    for (n, piece) in pieces.iter().enumerate() {
        bytes.extend(frame(CONTINUATION, if n + 1 == pieces.len() { END_HEADERS } else { 0 }, 1, piece));
    }
    client.send(bytes).await;
    client.finish().await;
    client.rest().await;
    others_are_served(&lab).await;
    let accepted = "sluice_events_accepted_total{target=\"default/shop\"}";
    assert_eq!(lab.mesh.metric(accepted).await, 20.0, "it was let in");
}
