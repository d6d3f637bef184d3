//! The CloudEvents SDKs of other languages: what one sends, each of them gets, attribute for attribute and byte for
//! byte. Where an SDK itself changes something, [`exceptions`] and [`sdk`] name it, and raw sinks show who did it.

mod cases;
mod exceptions;
mod expected;
mod header;
mod raw;
mod receiver;
mod sdk;
mod sender;

use expected::{Delivery, Sending};
use raw::Raw;
use receiver::Receiver;
use sdk::{Mode, Sdk};
use sender::{Answer, Sender};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;
use tests::{DEADLINE, Mesh, Sink, Trigger, broker};

#[tokio::test(flavor = "multi_thread")]
async fn what_one_sdk_sends_each_of_them_gets() {
    let programs = sdk::programs().await;
    let mut receivers = Vec::new();
    for (sdk, program) in &programs {
        receivers.push(Receiver::start(sdk, program).await);
    }
    let (witness, direct) = (Sink::start().await, Sink::start().await);
    let mesh = Mesh::with(&manifests(&receivers, &witness)).await;

    let mut sendings = Vec::new();
    for (sdk, program) in &programs {
        let sender = Sender { sdk, program, folder: mesh.folder() };
        for mode in Mode::ALL {
            let answers = sender.send_all(&mesh.events("/default/shop"), mode).await;
            sender.send_all(&direct.url(), mode).await;
            sendings.extend(check_answers(sdk, mode, &answers));
        }
    }

    check_bytes(&sendings, &direct, &witness).await;
    let total = sendings.len() * receivers.len() * Delivery::ALL.len();
    let refused = settled(&mesh, &receivers, total).await;
    let wrong: Vec<String> = receivers.iter().flat_map(|r| differences(r, &sendings, &refused)).collect();
    assert!(wrong.is_empty(), "{} of {total} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_tells_the_developer_why() {
    let mesh = Mesh::with(&[broker("shop", &[])]).await;
    let event = json!([{"id": "1", "source": "/sdks", "type": "order", "subject": "two\nlines"}]);
    for (sdk, program) in &sdk::programs().await {
        let sender = Sender { sdk, program, folder: mesh.folder() };
        for (broker, status, says) in [("shop", 400, "subject"), ("nowhere", 404, "default/nowhere")] {
            let url = mesh.events(&format!("/default/{broker}"));
            let answer = &sender.send(&url, Mode::Structured, &event).await[0];
            assert_eq!(answer.status, status, "{}: {answer:?}", sdk.name);
            assert!(answer.error.contains(says), "{}: {answer:?}", sdk.name);
        }
    }
}

#[test]
fn every_exception_is_documented() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/sdks.md");
    let page = std::fs::read_to_string(page).unwrap();
    for exception in exceptions::ALL {
        assert!(page.contains(exception.why), "docs/sdks.md does not say: {}", exception.why);
        assert!(
            cases::all().iter().any(|case| case.name == exception.case),
            "there is no case {}",
            exception.case
        );
    }
}

fn differences(
    receiver: &Receiver,
    sendings: &[Sending],
    refused: &BTreeSet<(String, String)>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for (sending, delivery) in sendings.iter().flat_map(|s| Delivery::ALL.map(|d| (s, d))) {
        let id = sending.id();
        let is_refused = refused.contains(&(trigger(receiver.sdk, delivery), id.clone()));
        let reasons = match (sending.at(delivery, receiver.sdk), receiver.got(delivery.path(), &id)) {
            (Some(expected), Some(got)) => expected::differences(sending, receiver.sdk, &expected, &got),
            (None, None) if is_refused => vec![],
            (expected, got) => vec![format!("expected {expected:?}, got {got:?}, refused: {is_refused}")],
        };
        let place = format!("{id} -> {}{}", receiver.sdk.name, delivery.path());
        wrong.extend(reasons.iter().map(|reason| format!("{place}: {reason}")));
    }
    wrong
}

/// Waits until each delivery is taken or refused, and no longer than anything may take; returns the refused ones.
async fn settled(mesh: &Mesh, receivers: &[Receiver], total: usize) -> BTreeSet<(String, String)> {
    let start = Instant::now();
    loop {
        let refused = dead_letters(mesh).await;
        let taken: usize = receivers.iter().map(Receiver::count).sum();
        if refused.len() + taken == total || start.elapsed() > DEADLINE {
            return refused;
        }
    }
}

/// Trigger and event of each.
async fn dead_letters(mesh: &Mesh) -> BTreeSet<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    mesh.dead_letters()
        .await
        .iter()
        .map(|letter| (text(&letter["trigger"]), text(&letter["event"]["id"])))
        .collect()
}

fn trigger(receiver: &Sdk, delivery: Delivery) -> String {
    format!("default/{}{}", receiver.name, delivery.path().replace('/', "-"))
}

fn manifests(receivers: &[Receiver], witness: &Sink) -> Vec<String> {
    let mut manifests = vec![broker("shop", &[]), Trigger::new("witness", &witness.url()).to_string()];
    for receiver in receivers {
        for delivery in Delivery::ALL {
            let path = delivery.path();
            let name = trigger(receiver.sdk, delivery);
            let trigger = Trigger::new(name.trim_start_matches("default/"), &receiver.url(path));
            let trigger = trigger.delivery("retry: 0");
            manifests.push(match delivery {
                Delivery::AsItCame => trigger.to_string(),
                Delivery::Binary => trigger.delivery("format: binary").to_string(),
                Delivery::Structured => trigger.delivery("format: json").to_string(),
            });
        }
    }
    manifests
}

/// The events that were accepted; the others must have got the answer that they deserve.
fn check_answers(sdk: &'static Sdk, mode: Mode, answers: &[Answer]) -> Vec<Sending> {
    let mut sendings = Vec::new();
    for (index, case) in cases::all().into_iter().enumerate() {
        let answer = &answers[if mode == Mode::Batch { 0 } else { index }];
        let name = case.name;
        let sending = Sending::new(sdk, mode, case);
        let expected = sending.as_ref().err().unwrap_or(&202);
        assert_eq!(answer.status, *expected, "{} {} {name}: {}", sdk.name, mode.name(), answer.error);
        sendings.extend(sending);
    }
    sendings
}

/// What the SDKs wrote is what sluice delivers when it is not asked to change it.
async fn check_bytes(sendings: &[Sending], direct: &Sink, witness: &Sink) {
    let by_id = |requests: Vec<tests::Received>| -> BTreeMap<String, Raw> {
        requests.iter().flat_map(raw::events).collect()
    };
    let mut sent = by_id(direct.received());
    sent.retain(|id, _| sendings.iter().any(|sending| sending.id() == *id));
    let delivered = by_id(witness.got(sendings.len()).await);
    assert_eq!(sent.len(), sendings.len());
    for (id, raw) in &sent {
        assert_eq!(delivered.get(id), Some(raw), "{id}");
    }
}
