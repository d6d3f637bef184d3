//! Events that go from group to group of one channel: what was concluded is never lent again.

use crate::mesh::*;
use broker_core::{
    AppendError, Channel, ChannelOptions, Delivery, GroupName, GroupSpec, Order, StartAt, Subscription,
};
use event::{Addressee, Audience, Record, Timestamp};
use filter::Filter;
use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroUsize;
use std::time::Duration;

const STEPS: [&str; 3] = ["step-1", "step-2", "step-3"];
const EVENTS: u64 = 300;

/// Only the first step takes what comes in.
fn step_spec(step: usize) -> GroupSpec {
    let filter = if step == 0 { Filter::everything() } else { Filter::Any(Vec::new()) };
    GroupSpec { filter, ..spec() }
}

async fn join_all(mesh: &Mesh) -> Vec<Subscription> {
    let mut subs = Vec::new();
    for (n, step) in STEPS.iter().enumerate() {
        subs.push(mesh.join(step, step_spec(n)).await);
    }
    subs
}

fn addressed(record: &Record, group: &str) -> Record {
    let mut record = record.clone();
    let group = group.to_owned();
    record.envelope.audience =
        Audience::Groups(vec![Addressee { group, attempts: 0, due: Timestamp::default() }]);
    record
}

/// Hands the event to the next step, or ends it.
async fn conclude(mesh: &Mesh, step: usize, delivery: &Delivery) {
    let next = STEPS.get(step + 1).map(|next| addressed(&delivery.record, next));
    let group = GroupName::from(STEPS[step]);
    mesh.channel.conclude(&group, delivery, next.into_iter().collect()).await.unwrap();
}

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Deliveries are concluded, given back, nacked, left lying; the process dies at any moment, before or after its
/// state was written.
#[tokio::test(start_paused = true)]
async fn no_step_that_was_concluded_is_lent_again_whenever_the_process_dies() {
    for seed in 0..12 {
        let mut dice = Dice(seed);
        let mut mesh = Mesh::new().await;
        let mut subs = join_all(&mesh).await;
        let mut concluded = BTreeSet::new();
        let mut lying = VecDeque::new();
        let mut posted = 0;
        while concluded.len() < STEPS.len() * EVENTS as usize {
            if posted < EVENTS {
                mesh.post(posted..posted + 10).await;
                posted += 10;
            }
            for (step, sub) in subs.iter_mut().enumerate() {
                while let Ok(Some(delivery)) =
                    tokio::time::timeout(Duration::from_millis(1), sub.next()).await
                {
                    let done = (step, id(&delivery));
                    assert!(!concluded.contains(&done), "seed {seed}: {done:?} is lent again");
                    match dice.roll(8) {
                        0 => drop(delivery),
                        1 => delivery.nack(Duration::from_millis(dice.roll(50))),
                        2 if lying.len() < 20 => lying.push_back(delivery),
                        roll => {
                            conclude(&mesh, step, &delivery).await;
                            concluded.insert(done);
                            // Acked at once, late, or never.
                            if roll < 6 { delivery.ack() } else { lying.push_back(delivery) }
                        }
                    }
                }
            }
            tokio::time::sleep(Duration::from_millis(dice.roll(200))).await;
            if dice.roll(4) == 0 {
                mesh = mesh.crash().await;
                subs = join_all(&mesh).await;
            } else if dice.roll(2) == 0 {
                lying.clear();
            }
        }
        lying.clear();
        settle().await;
        for step in STEPS {
            assert_eq!(mesh.lag(step).backlog, 0, "seed {seed}: {step}");
        }
    }
}

/// A channel that is full of events would never be empty again, if none of them could go on.
#[tokio::test(start_paused = true)]
async fn events_go_through_a_channel_whose_budget_is_used_up() {
    let options = ChannelOptions { byte_budget: Some(8 * 1024), ..ChannelOptions::default() };
    let mesh = Mesh::with(options).await;
    let mut subs = join_all(&mesh).await;
    let mut posted = 0;
    while mesh.channel.append(vec![record(posted, "a", None)]).await.is_ok() {
        posted += 1;
    }
    assert!(posted > 10);
    for (step, sub) in subs.iter_mut().enumerate() {
        for _ in 0..posted {
            let delivery = next(sub).await;
            conclude(&mesh, step, &delivery).await;
            delivery.ack();
        }
    }
    settle().await;
    mesh.channel.append(vec![record(posted, "a", None)]).await.expect("there is room again");
}

/// A step that is behind (its sink was slow, its window full) takes its events from the log, in order and once.
#[tokio::test(start_paused = true)]
async fn a_step_that_fell_behind_catches_up_with_what_is_addressed_to_it() {
    const MANY: u64 = 3000;
    let mesh = Mesh::new().await;
    let mut subs = join_all(&mesh).await;
    let mut second = subs.remove(1);
    let first = &mut subs[0];
    for n in 0..MANY {
        mesh.post([n]).await;
        let delivery = next(first).await;
        conclude(&mesh, 0, &delivery).await;
        delivery.ack();
    }
    assert_eq!(take(&mut second, MANY as usize).await, (0..MANY).collect::<Vec<_>>());
    nothing(&mut second).await;
}

/// Else a sink that came back would be probed for ever, when the word that it answered is read before the ack.
#[tokio::test(start_paused = true)]
async fn a_probe_that_is_concluded_finds_the_sink() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join(STEPS[0], step_spec(0)).await;
    let _second = mesh.join(STEPS[1], step_spec(1)).await;
    mesh.post(0..5).await;
    for _ in 0..5 {
        next(&mut sub).await.unreachable(Duration::from_secs(300));
    }
    let probe = next(&mut sub).await;
    conclude(&mesh, 2, &probe).await;
    conclude(&mesh, 0, &probe).await;
    settle().await;
    assert!(!mesh.lag(STEPS[0]).unreachable);
    drop(probe);
    assert_eq!(take(&mut sub, 4).await.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn the_order_of_a_key_is_kept_from_step_to_step() {
    let mesh = Mesh::new().await;
    let in_order = |step| GroupSpec { order: Order::Key, ..step_spec(step) };
    let mut first = mesh.join(STEPS[0], in_order(0)).await;
    let mut second = mesh.join(STEPS[1], in_order(1)).await;
    for n in 0..4 {
        mesh.post_keyed(n, "key").await;
        let delivery = next(&mut first).await;
        conclude(&mesh, 0, &delivery).await;
        delivery.ack();
    }
    next(&mut second).await.nack(Duration::from_secs(10));
    assert_eq!(take(&mut second, 4).await, [0, 1, 2, 3]);
}

/// Nobody would ever be lent it, and its cause would be done.
#[tokio::test(start_paused = true)]
async fn an_answer_for_a_step_that_is_not_there_is_refused() {
    let mesh = Mesh::new().await;
    let mut first = mesh.join(STEPS[0], step_spec(0)).await;
    mesh.post([1]).await;
    let delivery = next(&mut first).await;
    let answer = addressed(&delivery.record, STEPS[1]);
    let early = mesh.channel.conclude(&STEPS[0].into(), &delivery, vec![answer]).await;
    assert!(matches!(early, Err(AppendError::Unavailable(_))), "{early:?}");
    let mut second = mesh.join(STEPS[1], step_spec(1)).await;
    conclude(&mesh, 0, &delivery).await;
    delivery.ack();
    assert_eq!(take(&mut second, 1).await, [1]);
}

/// A step that was taken away keeps what waits at its place, and takes what was on its way there.
#[tokio::test(start_paused = true)]
async fn an_answer_for_a_step_that_was_taken_away_waits_for_it() {
    let mesh = Mesh::new().await;
    let mut subs = join_all(&mesh).await;
    mesh.post([1]).await;
    let delivery = next(&mut subs[0]).await;
    mesh.channel.park_group(&STEPS[1].into()).await.unwrap();
    conclude(&mesh, 0, &delivery).await;
    delivery.ack();
    let mesh = mesh.crash().await;
    mesh.post([2]).await;
    let mut second = mesh.join(STEPS[1], step_spec(1)).await;
    assert_eq!(take(&mut second, 1).await, [1]);
}

/// Another life of the group (a new uid on Kubernetes) has its own delivery of the same event.
#[tokio::test(start_paused = true)]
async fn what_an_earlier_life_of_a_group_concludes_is_not_done_for_the_next() {
    let options = ChannelOptions { retention: Duration::from_secs(3600), ..ChannelOptions::default() };
    let mesh = Mesh::with(options).await;
    let mut sub = mesh.join(STEPS[2], step_spec(0)).await;
    mesh.post([1]).await;
    let old = next(&mut sub).await;
    let anew = GroupSpec { incarnation: "2".to_owned(), start: StartAt::Earliest, ..step_spec(0) };
    let mut sub = mesh.join(STEPS[2], anew).await;
    let delivery = next(&mut sub).await;
    assert_eq!(id(&delivery), 1);
    conclude(&mesh, 2, &old).await;
    settle().await;
    delivery.nack(Duration::ZERO);
    assert_eq!(take(&mut sub, 1).await, [1]);
}

/// Ten events of which the odd ones were concluded, and a process that was killed before it wrote any of it.
async fn half_concluded() -> Mesh {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join(STEPS[2], step_spec(0)).await;
    mesh.post(0..10).await;
    let mut lent = Vec::new();
    for _ in 0..10 {
        lent.push(next(&mut sub).await);
    }
    for delivery in lent.iter().filter(|delivery| id(delivery) % 2 == 1) {
        conclude(&mesh, 2, delivery).await;
    }
    mesh.crash().await
}

fn one_at_a_time() -> GroupSpec {
    GroupSpec { window: NonZeroUsize::MIN, ..step_spec(0) }
}

/// The events ahead of the window are given up and read again: what was passed over is passed over again.
#[tokio::test(start_paused = true)]
async fn what_was_concluded_stays_done_when_a_group_reads_again() {
    let mesh = half_concluded().await;
    let mut sub = mesh.join(STEPS[2], one_at_a_time()).await;
    let first = next(&mut sub).await;
    mesh.channel.ensure_group(&STEPS[2].into(), GroupSpec { paused: true, ..one_at_a_time() }).await.unwrap();
    settle().await;
    mesh.channel.ensure_group(&STEPS[2].into(), one_at_a_time()).await.unwrap();
    first.ack();
    assert_eq!(take(&mut sub, 4).await, [2, 4, 6, 8]);
    nothing(&mut sub).await;
}

/// The state that is written in between knows it, too.
#[tokio::test(start_paused = true)]
async fn what_was_concluded_stays_done_when_the_process_dies_again() {
    let mesh = half_concluded().await;
    let mut sub = mesh.join(STEPS[2], one_at_a_time()).await;
    let first = next(&mut sub).await;
    settle().await;
    let mesh = mesh.crash().await;
    drop(first);
    let mut sub = mesh.join(STEPS[2], one_at_a_time()).await;
    let mut rest = take(&mut sub, 5).await;
    rest.sort_unstable();
    assert_eq!(rest, [0, 2, 4, 6, 8]);
    nothing(&mut sub).await;
}
