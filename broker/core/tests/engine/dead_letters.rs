//! The dead letter store.

use crate::mesh::*;
use broker_core::{Channel, DeadLetter, DeadLetterQuery, GroupSpec, Lane};
use bytes::Bytes;
use event::Timestamp;
use std::sync::Arc;

fn letter(n: u64, group: &str) -> DeadLetter {
    let mut record = record(n, "a", None);
    record.envelope.accepted_at = Timestamp(n);
    DeadLetter {
        id: format!("letter-{n}"),
        group: group.into(),
        record: Arc::new(record),
        reason: "the sink answered 500".to_owned(),
        attempts: 4,
        last_status: Some(500),
        last_body: Bytes::from_static(b"no"),
        first_time: Timestamp(n),
        last_time: Timestamp(n),
    }
}

fn of(group: &str) -> DeadLetterQuery {
    DeadLetterQuery { group: Some(group.into()), ..DeadLetterQuery::default() }
}

async fn ids(mesh: &Mesh, query: &DeadLetterQuery) -> Vec<String> {
    mesh.channel.dead_letters().list(query).await.unwrap().into_iter().map(|l| l.id).collect()
}

#[tokio::test(start_paused = true)]
async fn letters_are_listed_counted_purged_and_survive_a_restart() {
    let mesh = Mesh::new().await;
    let store = mesh.channel.dead_letters();
    for n in 0..10 {
        store.put(letter(n, if n % 2 == 0 { "even" } else { "odd" })).await.unwrap();
    }
    assert_eq!(store.count(&"even".into()), 5);
    let purged =
        store.purge(&DeadLetterQuery { ids: vec!["letter-2".to_owned()], ..of("even") }).await.unwrap();
    assert_eq!(purged, ["letter-2"]);
    let mesh = mesh.restart().await;
    settle().await;
    assert_eq!(ids(&mesh, &of("even")).await, ["letter-0", "letter-4", "letter-6", "letter-8"]);
    assert_eq!(
        ids(&mesh, &DeadLetterQuery { since: Some(Timestamp(8)), ..Default::default() }).await.len(),
        2
    );
    let kept = mesh.channel.dead_letters().get("letter-4").await.unwrap().unwrap();
    assert_eq!(kept, letter(4, "even"));
}

#[tokio::test(start_paused = true)]
async fn a_new_failure_updates_its_letter() {
    let mesh = Mesh::new().await;
    let store = mesh.channel.dead_letters();
    store.put(letter(1, "t")).await.unwrap();
    let again =
        DeadLetter { attempts: 8, first_time: Timestamp(50), last_time: Timestamp(50), ..letter(1, "t") };
    store.put(again).await.unwrap();
    let letters = store.list(&of("t")).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(
        (letters[0].attempts, letters[0].first_time, letters[0].last_time),
        (8, Timestamp(1), Timestamp(50))
    );
}

#[tokio::test(start_paused = true)]
async fn a_redriven_letter_reaches_its_trigger_alone_and_goes_when_it_succeeded() {
    let mesh = Mesh::new().await;
    let mut own = mesh.join("t", spec()).await;
    let mut other = mesh.join("other", spec()).await;
    let store = mesh.channel.dead_letters();
    store.put(letter(1, "t")).await.unwrap();
    assert_eq!(store.redrive(&of("t")).await.unwrap(), ["letter-1"]);
    assert!(store.redrive(&of("t")).await.unwrap().is_empty(), "it is on its way already");
    let delivery = next(&mut own).await;
    assert_eq!(delivery.attempt, 1);
    let id = delivery.record.envelope.redrive.clone().unwrap();
    store.resolved(&id).await.unwrap();
    delivery.ack();
    nothing(&mut other).await;
    assert!(ids(&mesh, &of("t")).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_old_letter_does_not_pin_what_is_gone() {
    let mesh = Mesh::new().await;
    let store = mesh.channel.dead_letters();
    store.put(letter(1_000_000, "t")).await.unwrap();
    for n in 0..1500 {
        store.put(letter(n, "t")).await.unwrap();
        store.resolved(&format!("letter-{n}")).await.unwrap();
    }
    settle().await;
    assert_eq!(ids(&mesh, &of("t")).await, ["letter-1000000"]);
    let kept =
        mesh.log.end(Lane::DEAD_LETTERS).await.unwrap() - mesh.log.first(Lane::DEAD_LETTERS).await.unwrap();
    assert!(kept < 1100, "{kept}");
    let mesh = mesh.restart().await;
    settle().await;
    assert_eq!(ids(&mesh, &of("t")).await, ["letter-1000000"]);
}

#[tokio::test(start_paused = true)]
async fn a_letter_whose_trigger_is_gone_waits_for_it() {
    let mesh = Mesh::new().await;
    let store = mesh.channel.dead_letters();
    store.put(letter(1, "t")).await.unwrap();
    assert!(store.redrive(&of("t")).await.unwrap().is_empty(), "nobody would get it");
    let mut sub = mesh.join("t", spec()).await;
    assert_eq!(store.redrive(&of("t")).await.unwrap(), ["letter-1"]);
    assert_eq!(take(&mut sub, 1).await, [1]);
}

#[tokio::test(start_paused = true)]
async fn a_redrive_of_many_letters_leaves_none_out_though_the_first_go_meanwhile() {
    let (mesh, _) = Mesh::broken().await;
    let store = mesh.channel.dead_letters();
    for n in 0..4000 {
        store.put(letter(n, "t")).await.unwrap();
    }
    let mut sub = mesh.join("t", spec()).await;
    let resolving = store.clone();
    let sink = tokio::spawn(async move {
        for _ in 0..4000 {
            let delivery = next(&mut sub).await;
            resolving.resolved(delivery.record.envelope.redrive.as_deref().unwrap()).await.unwrap();
            delivery.ack();
        }
    });
    // The outcomes come in between, and what is left is moved forward behind them.
    assert_eq!(store.redrive(&of("t")).await.unwrap().len(), 4000);
    sink.await.unwrap();
    assert!(ids(&mesh, &of("t")).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_redrive_appends_many_letters_at_once_but_not_all() {
    let (mesh, log) = Mesh::broken().await;
    let store = mesh.channel.dead_letters();
    for n in 0..600 {
        store.put(letter(n, "t")).await.unwrap();
    }
    for n in 600..604 {
        let mut large = letter(n, "t");
        let event = event::EventBuilder::from(&large.record.event)
            .data(event::Data::Bytes(vec![b'x'; 600_000].into()));
        large.record = Arc::new(event::Record { event: event.build().unwrap(), ..(*large.record).clone() });
        store.put(large).await.unwrap();
    }
    let mut sub = mesh.join("t", spec()).await;
    let limited = store.redrive(&DeadLetterQuery { limit: 300, ..of("t") }).await.unwrap();
    assert_eq!(limited.len(), 300);
    assert_eq!(log.appended.load(std::sync::atomic::Ordering::Relaxed), 2, "256 and 44");
    assert_eq!(store.redrive(&of("t")).await.unwrap().len(), 304);
    let appended = log.appended.load(std::sync::atomic::Ordering::Relaxed) - 2;
    assert_eq!(appended, 3, "what is left of 512, then up to a MiB, then the rest");
    let mut ids = take(&mut sub, 604).await;
    ids.sort_unstable();
    assert_eq!(ids, (0..604).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_redrive_that_could_not_be_written_can_be_repeated() {
    let mesh = Mesh::new().await;
    let store = mesh.channel.dead_letters();
    for n in 0..10 {
        store.put(letter(n, "t")).await.unwrap();
    }
    let mut sub = mesh.join("t", spec()).await;
    mesh.backend.faults().refuse_appends(1);
    store.redrive(&of("t")).await.unwrap_err();
    assert_eq!(store.redrive(&of("t")).await.unwrap().len(), 10);
    assert_eq!(take(&mut sub, 10).await, (0..10).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn redriven_letters_wait_in_no_greater_number_than_the_group_may_have() {
    let mesh = Mesh::new().await;
    let store = mesh.channel.dead_letters();
    for n in 0..500 {
        store.put(letter(n, "t")).await.unwrap();
    }
    let window = std::num::NonZeroUsize::MIN;
    let mut sub = mesh.join("t", GroupSpec { window, max_waiting: 20, ..spec() }).await;
    store.redrive(&of("t")).await.unwrap();
    settle().await;
    let lag = mesh.lag("t");
    assert!(lag.waiting <= 20 && lag.backlog >= 500, "{lag:?}");
    let mut ids = take(&mut sub, 500).await;
    ids.sort_unstable();
    assert_eq!(ids, (0..500).collect::<Vec<_>>());
    nothing(&mut sub).await;
    settle().await;
    assert_eq!(mesh.lag("t").backlog, 0);
}
