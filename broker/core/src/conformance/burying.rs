//! Dead letters: kept until somebody decides.

use super::Harness;
use super::mesh::{GROUP, Mesh};
use super::sample::{id, letter, spec, typed};
use super::waiting::{eventually, next, nothing};
use crate::{DeadLetterQuery, GroupName};
use bytes::Bytes;
use event::Timestamp;
use std::sync::Arc;

fn all() -> DeadLetterQuery {
    DeadLetterQuery::default()
}

fn with_id(id: &str) -> DeadLetterQuery {
    DeadLetterQuery { ids: vec![id.to_owned()], ..all() }
}

/// The ids of the letters that a query means.
async fn listed(mesh: &Mesh<'_>, query: &DeadLetterQuery) -> Vec<String> {
    mesh.channel.dead_letters().list(query).await.unwrap().into_iter().map(|letter| letter.id).collect()
}

/// A letter is found as it was put, until it is purged.
pub async fn a_dead_letter_is_kept_until_it_is_purged(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let store = mesh.channel.dead_letters();
    let (one, two) = (letter("one", GROUP, 1), letter("two", "default/two", 2));
    store.put(one.clone()).await.unwrap();
    store.put(two.clone()).await.unwrap();
    assert_eq!(store.list(&all()).await.unwrap(), [one, two.clone()]);
    assert_eq!(store.count(&GROUP.into()), 1);
    assert_eq!(store.purge(&with_id("one")).await.unwrap(), ["one"]);
    assert!(store.purge(&with_id("one")).await.unwrap().is_empty());
    assert_eq!(store.list(&all()).await.unwrap(), [two]);
    assert_eq!(store.count(&GROUP.into()), 0);
}

/// A second failure under the same id is the same letter, first seen when it first was.
pub async fn a_new_failure_updates_its_letter(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let store = mesh.channel.dead_letters();
    let first = letter("one", GROUP, 1);
    store.put(first.clone()).await.unwrap();
    let mut second = letter("one", GROUP, 1);
    (second.attempts, second.last_status, second.last_body) = (7, None, Bytes::new());
    (second.first_time, second.last_time) = (Timestamp(9000), Timestamp(9000));
    store.put(second.clone()).await.unwrap();
    second.first_time = first.first_time;
    assert_eq!(store.list(&all()).await.unwrap(), [second]);
    assert_eq!(store.count(&GROUP.into()), 1);
}

/// Queries choose by id, trigger, time, type and number.
pub async fn a_query_means_what_it_says(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let store = mesh.channel.dead_letters();
    for n in 0..6u64 {
        let mut letter = letter(&n.to_string(), ["default/even", "default/odd"][(n % 2) as usize], n);
        letter.record = Arc::new(typed(n, if n < 3 { "low" } else { "high" }));
        letter.last_time = Timestamp(1000 * n);
        store.put(letter).await.unwrap();
    }
    assert_eq!(listed(&mesh, &with_id("3")).await, ["3"]);
    let group = Some(GroupName::from("default/odd"));
    assert_eq!(listed(&mesh, &DeadLetterQuery { group: group.clone(), ..all() }).await, ["1", "3", "5"]);
    assert_eq!(listed(&mesh, &DeadLetterQuery { since: Some(Timestamp(4000)), ..all() }).await, ["4", "5"]);
    let ty = Some("low".to_owned());
    assert_eq!(listed(&mesh, &DeadLetterQuery { ty: ty.clone(), ..all() }).await, ["0", "1", "2"]);
    assert_eq!(listed(&mesh, &DeadLetterQuery { limit: 2, ..all() }).await, ["0", "1"]);
    assert_eq!(listed(&mesh, &DeadLetterQuery { group, ty, ..all() }).await, ["1"]);
}

/// A redrive is lent to the trigger of the letter and to nobody else.
pub async fn a_redrive_reaches_the_trigger_that_failed(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut failed = mesh.listen().await;
    let mut other = mesh.join("default/other", spec()).await;
    let store = mesh.channel.dead_letters();
    store.put(letter("one", GROUP, 1)).await.unwrap();
    assert_eq!(store.redrive(&with_id("one")).await.unwrap(), ["one"]);
    let delivery = next(&mut failed).await;
    assert_eq!((id(&delivery), delivery.attempt), (1, 1));
    assert_eq!(delivery.record.envelope.redrive.as_deref(), Some("one"));
    nothing(&mut other).await;
    assert_eq!(listed(&mesh, &all()).await, ["one"], "it stays until the redrive succeeded");
    delivery.ack();
}

/// `resolved` ends a letter; a new failure keeps it.
pub async fn a_letter_goes_when_its_redrive_succeeded(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut sub = mesh.listen().await;
    let store = mesh.channel.dead_letters();
    store.put(letter("one", GROUP, 1)).await.unwrap();
    for attempts in [4, 5] {
        assert_eq!(store.redrive(&all()).await.unwrap(), ["one"]);
        let delivery = next(&mut sub).await;
        let mut again = letter("one", GROUP, 1);
        again.attempts = attempts;
        store.put(again).await.unwrap();
        delivery.ack();
        assert_eq!(store.list(&all()).await.unwrap()[0].attempts, attempts);
    }
    assert_eq!(store.redrive(&all()).await.unwrap(), ["one"]);
    let delivery = next(&mut sub).await;
    store.resolved("one").await.unwrap();
    delivery.ack();
    assert!(listed(&mesh, &all()).await.is_empty());
    mesh.until_done(GROUP).await;
}

/// Letters, updates and goings are there for the next process.
pub async fn dead_letters_survive_the_process(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let store = mesh.channel.dead_letters();
    for n in 0..5u64 {
        store.put(letter(&n.to_string(), GROUP, n)).await.unwrap();
    }
    let mut updated = letter("2", GROUP, 2);
    updated.attempts = 9;
    store.put(updated.clone()).await.unwrap();
    store.purge(&with_id("0")).await.unwrap();
    store.resolved("4").await.unwrap();
    drop(store);
    let mesh = mesh.crash().await;
    let store = mesh.channel.dead_letters();
    eventually("the letters are read", async || store.count(&GROUP.into()) == 3).await;
    let wanted = [letter("1", GROUP, 1), letter("3", GROUP, 3), updated];
    assert_eq!(store.list(&all()).await.unwrap(), wanted);
    let mut sub = mesh.listen().await;
    assert_eq!(store.redrive(&with_id("3")).await.unwrap(), ["3"]);
    let delivery = next(&mut sub).await;
    assert_eq!(id(&delivery), 3);
    delivery.ack();
}
