//! What a group concluded is done, and what it led to goes on, whatever happens to the process.

use super::Harness;
use super::mesh::{GROUP, Mesh};
use super::sample::{id, keyed, plain, record, spec};
use super::waiting::{eventually, next, nothing, soon, take};
use crate::{Delivery, GroupSpec, Lag};
use event::{Addressee, Audience, Record, Timestamp};
use filter::Filter;

const NEXT: &str = "default/next";

/// A group that takes what is addressed to it and nothing else.
fn addressed() -> GroupSpec {
    GroupSpec { filter: Filter::Any(Vec::new()), ..spec() }
}

fn to_next(mut record: Record) -> Record {
    let group = NEXT.to_owned();
    record.envelope.audience =
        Audience::Groups(vec![Addressee { group, attempts: 0, due: Timestamp::default() }]);
    record
}

async fn conclude(mesh: &Mesh<'_>, delivery: &Delivery, records: Vec<Record>) {
    soon(mesh.channel.conclude(&GROUP.into(), delivery, records)).await.unwrap();
}

/// The answer reaches the group that it is for, and the delivery is done without an ack.
pub async fn an_answer_goes_on_and_its_cause_is_done(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let (mut first, mut second) = (mesh.listen().await, mesh.join(NEXT, addressed()).await);
    mesh.post([1]).await;
    let delivery = next(&mut first).await;
    conclude(&mesh, &delivery, vec![to_next(plain(2))]).await;
    assert_eq!(take(&mut second, 1).await, [2]);
    // Given back, not acked: the lane has heard of it already, or hears before it is lent again.
    drop(delivery);
    nothing(&mut first).await;
    nothing(&mut second).await;
    mesh.until_done(GROUP).await;
    mesh.until_done(NEXT).await;
}

/// The lane is that of the cause, whatever keys the answers have: the word that it is done lies behind them.
pub async fn an_answer_stays_in_the_lane_of_its_cause(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let (mut first, mut second) = (mesh.listen().await, mesh.join(NEXT, addressed()).await);
    for n in 0..12 {
        mesh.post_all(vec![keyed(n, &format!("cause-{n}"))]).await;
        let delivery = next(&mut first).await;
        conclude(&mesh, &delivery, vec![to_next(keyed(n, &format!("answer-{n}")))]).await;
        let answer = next(&mut second).await;
        assert_eq!((id(&answer), answer.lane), (n, delivery.lane));
        assert!(answer.position > delivery.position);
        delivery.ack();
        answer.ack();
    }
}

/// Killed before any state was written: what was concluded is not lent again, what was not is.
pub async fn a_conclusion_survives_a_crash(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let (mut first, mut second) = (mesh.listen().await, mesh.join(NEXT, addressed()).await);
    mesh.post([1, 2, 3]).await;
    let mut lent = Vec::new();
    for _ in 0..3 {
        lent.push(next(&mut first).await);
    }
    lent.sort_by_key(id);
    conclude(&mesh, &lent[0], vec![to_next(plain(10))]).await;
    conclude(&mesh, &lent[2], Vec::new()).await;
    let mesh = crash(mesh, (first, lent)).await;
    first = mesh.listen().await;
    second = {
        drop(second);
        mesh.join(NEXT, addressed()).await
    };
    assert_eq!(take(&mut first, 1).await, [2]);
    nothing(&mut first).await;
    assert_eq!(take(&mut second, 1).await, [10]);
    mesh.until_done(GROUP).await;
}

/// Killed again before the group had read as far as what it had concluded: that is still known.
pub async fn a_conclusion_survives_two_crashes(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut first = mesh.listen().await;
    mesh.post([1, 2]).await;
    let (one, other) = (next(&mut first).await, next(&mut first).await);
    let (done, open) = if id(&one) == 1 { (one, other) } else { (other, one) };
    conclude(&mesh, &done, Vec::new()).await;
    let mesh = crash(mesh, (first, done, open)).await;
    // Nobody listens; the lane reads on and writes its state.
    mesh.ensure(GROUP, spec()).await;
    mesh.ensure("default/other", spec()).await;
    let mut other = mesh.subscribe("default/other").await;
    mesh.post([3]).await;
    assert_eq!(take(&mut other, 1).await, [3]);
    nothing(&mut other).await;
    nothing(&mut other).await;
    let mesh = crash(mesh, other).await;
    let mut first = mesh.listen().await;
    let mut rest = take(&mut first, 2).await;
    rest.sort_unstable();
    assert_eq!(rest, [2, 3]);
    nothing(&mut first).await;
}

/// Killed after the state was written with the delivery open: the conclusion behind it closes it.
pub async fn a_conclusion_closes_what_the_state_has_as_open(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut first = mesh.listen().await;
    mesh.post([1, 2]).await;
    let (one, other) = (next(&mut first).await, next(&mut first).await);
    nothing(&mut first).await;
    nothing(&mut first).await;
    mesh.ensure(NEXT, addressed()).await;
    conclude(&mesh, &one, vec![to_next(plain(9))]).await;
    let left = id(&other);
    let mesh = crash(mesh, (first, one, other)).await;
    let mut first = mesh.listen().await;
    assert_eq!(take(&mut first, 1).await, [left]);
    nothing(&mut first).await;
}

/// Another group of that name, or another delivery, is not concluded.
pub async fn a_conclusion_is_about_one_delivery_of_one_group(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut first = mesh.listen().await;
    let mut other = mesh.join("default/other", spec()).await;
    mesh.post([1]).await;
    let delivery = next(&mut first).await;
    conclude(&mesh, &delivery, vec![record(super::sample::builder(5))]).await;
    let mesh = crash(mesh, (first, delivery)).await;
    drop(other);
    other = mesh.join("default/other", spec()).await;
    let mut ids = take(&mut other, 2).await;
    ids.sort_unstable();
    assert_eq!(ids, [1, 5]);
    let mut first = mesh.listen().await;
    assert_eq!(take(&mut first, 1).await, [5]);
    eventually("all is done", async || mesh.channel.lag(&GROUP.into()) == Some(Lag::default())).await;
}

/// Ends the process while these are still held, and lets go of them afterwards: nothing of it is an ack.
async fn crash<'h, T>(mesh: Mesh<'h>, held: T) -> Mesh<'h> {
    let next = mesh.crash().await;
    drop(held);
    next
}
