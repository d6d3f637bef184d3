//! Groups come, change, pause, part and go, and miss nothing that is theirs.

use super::Harness;
use super::mesh::{GROUP, Mesh};
use super::sample::{only, plain, spec, typed};
use super::waiting::{a_later_time, eventually, nothing, soon, take, take_any};
use crate::{ChannelError, GroupName, GroupSpec, StartAt};
use event::{Addressee, Audience, Timestamp};

/// What a filter refuses is not lent, and is not lag.
pub async fn a_group_gets_what_its_filter_matches(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut a = mesh.join("default/a", only("a")).await;
    let mut b = mesh.join("default/b", only("b")).await;
    mesh.post_all(vec![typed(1, "a"), typed(2, "b"), typed(3, "c"), typed(4, "ab")]).await;
    assert_eq!(take_any(&mut a, 2).await, [1, 4]);
    assert_eq!(take_any(&mut b, 1).await, [2]);
    nothing(&mut a).await;
    nothing(&mut b).await;
    mesh.until_done("default/a").await;
    mesh.until_done("default/b").await;
}

/// After `Ok` of `ensure_group` every event counts, whoever appends and whether or not anybody has subscribed.
pub async fn nothing_is_missed_once_the_group_is_there(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let posting = async {
        for id in 0..200 {
            mesh.post([id]).await;
        }
    };
    let joining = async {
        mesh.ensure(GROUP, spec()).await;
        mesh.post([1000]).await;
    };
    tokio::join!(posting, joining);
    mesh.post([1001]).await;
    let mut sub = mesh.subscribe(GROUP).await;
    let mut found = Vec::new();
    while !(found.contains(&1000) && found.contains(&1001)) {
        found.extend(take(&mut sub, 1).await);
    }
    eventually("all is read", async || {
        while let Ok(Some(delivery)) =
            tokio::time::timeout(std::time::Duration::from_millis(20), sub.next()).await
        {
            found.push(super::sample::id(&delivery));
            delivery.ack();
        }
        mesh.channel.lag(&GROUP.into()).is_some_and(|lag| lag.backlog == 0)
    })
    .await;
    found.retain(|id| *id < 1000);
    found.sort_unstable();
    let first = found.first().copied().unwrap_or(200);
    assert_eq!(found, (first..200).collect::<Vec<_>>(), "no gap after the first");
}

/// `Now` is after `ensure_group`.
pub async fn a_group_can_start_now(harness: &impl Harness) {
    let mesh = Mesh::start_retaining(harness).await;
    mesh.post(0..5).await;
    let mut sub = mesh.join(GROUP, spec()).await;
    mesh.post(5..8).await;
    assert_eq!(take_any(&mut sub, 3).await, [5, 6, 7]);
    nothing(&mut sub).await;
}

/// `Earliest` is all that is kept.
pub async fn a_group_can_start_with_the_earliest(harness: &impl Harness) {
    let mesh = Mesh::start_retaining(harness).await;
    mesh.post(0..5).await;
    let mut sub = mesh.join(GROUP, GroupSpec { start: StartAt::Earliest, ..spec() }).await;
    mesh.post(5..8).await;
    assert_eq!(take_any(&mut sub, 8).await, (0..8).collect::<Vec<_>>());
    nothing(&mut sub).await;
}

/// A time is the first event accepted at or after it.
pub async fn a_group_can_start_at_a_time(harness: &impl Harness) {
    let mesh = Mesh::start_retaining(harness).await;
    mesh.post(0..5).await;
    let time = a_later_time().await;
    mesh.post(5..8).await;
    let mut sub = mesh.join(GROUP, GroupSpec { start: StartAt::Time(time), ..spec() }).await;
    assert_eq!(take_any(&mut sub, 3).await, [5, 6, 7]);
    nothing(&mut sub).await;
}

/// Ensuring a group that is there repeats nothing and loses nothing.
pub async fn ensuring_again_changes_nothing(harness: &impl Harness) {
    let mesh = Mesh::start_retaining(harness).await;
    let from_the_start = || GroupSpec { start: StartAt::Earliest, ..spec() };
    let mut sub = mesh.join(GROUP, from_the_start()).await;
    mesh.post(0..5).await;
    assert_eq!(take_any(&mut sub, 5).await, [0, 1, 2, 3, 4]);
    mesh.ensure(GROUP, from_the_start()).await;
    mesh.post(5..8).await;
    mesh.ensure(GROUP, from_the_start()).await;
    assert_eq!(take_any(&mut sub, 3).await, [5, 6, 7]);
    nothing(&mut sub).await;
}

/// Another filter is in force for later events; what is done stays done, and what both match is not lost.
pub async fn a_changed_filter_keeps_the_place(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut sub = mesh.join(GROUP, only("a")).await;
    mesh.post_all((0..40).map(|id| typed(id, "a.b")).collect()).await;
    let mut found = take(&mut sub, 10).await;
    mesh.ensure(GROUP, only("a.b")).await;
    mesh.post_all(vec![typed(40, "a.b"), typed(41, "a.c"), typed(42, "a.b")]).await;
    found.extend(take(&mut sub, 32).await);
    found.sort_unstable();
    let wanted: Vec<u64> = (0..41).chain([42]).collect();
    assert_eq!(found, wanted);
    nothing(&mut sub).await;
}

/// While a group is paused nothing is lent and nothing is lost.
pub async fn a_paused_group_resumes(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut sub = mesh.listen().await;
    mesh.post(0..5).await;
    take(&mut sub, 5).await;
    mesh.ensure(GROUP, GroupSpec { paused: true, ..spec() }).await;
    mesh.post(5..1000).await;
    nothing(&mut sub).await;
    mesh.ensure(GROUP, spec()).await;
    assert_eq!(take_any(&mut sub, 995).await, (5..1000).collect::<Vec<_>>());
    nothing(&mut sub).await;
}

fn is_parked(mesh: &Mesh<'_>) -> bool {
    mesh.channel.parked_groups().iter().any(|(group, _)| group.as_str() == GROUP)
}

/// A group that nobody wants keeps its place until it is wanted again.
pub async fn a_parked_group_resumes(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut sub = mesh.listen().await;
    mesh.post(0..5).await;
    take(&mut sub, 5).await;
    mesh.until_done(GROUP).await;
    soon(mesh.channel.park_group(&GROUP.into())).await.unwrap();
    mesh.post(5..10).await;
    nothing_or_gone(&mut sub).await;
    eventually("it is listed", async || is_parked(&mesh)).await;
    let mut sub = mesh.listen().await;
    assert_eq!(take_any(&mut sub, 5).await, [5, 6, 7, 8, 9]);
    assert!(!is_parked(&mesh));
}

/// Fails when anything is lent; that the subscription has ended is fine.
async fn nothing_or_gone(subscription: &mut crate::Subscription) {
    let more = tokio::time::timeout(std::time::Duration::from_millis(100), subscription.next()).await;
    assert!(!matches!(more, Ok(Some(_))), "unexpected: {more:?}");
}

/// A removed group is gone; removing it again is no error.
pub async fn a_removed_group_is_gone(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let _sub = mesh.listen().await;
    mesh.post(0..5).await;
    let group = GroupName::from(GROUP);
    for _ in 0..2 {
        soon(mesh.channel.remove_group(&group)).await.unwrap();
        eventually("it has no lag", async || mesh.channel.lag(&group).is_none()).await;
    }
    let subscribed = mesh.channel.subscribe(&group).await;
    assert!(matches!(subscribed, Err(ChannelError::NoSuchGroup(_))), "{subscribed:?}");
    assert!(!is_parked(&mesh));
}

/// The same name in another life is another group.
pub async fn another_incarnation_starts_anew(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let old = mesh.listen().await;
    mesh.post(0..5).await;
    drop(old);
    let mut sub = mesh.join(GROUP, GroupSpec { incarnation: "2".to_owned(), ..spec() }).await;
    mesh.post(5..8).await;
    assert_eq!(take_any(&mut sub, 3).await, [5, 6, 7]);
    nothing(&mut sub).await;
}

/// An event for one group reaches that group whatever its filter says, and no other.
pub async fn an_addressed_event_reaches_its_group_and_no_other(harness: &impl Harness) {
    let mesh = Mesh::start(harness).await;
    let mut everything = mesh.join("default/everything", spec()).await;
    let mut addressed = mesh.join("default/addressed", only("never")).await;
    let mut record = plain(1);
    let group = "default/addressed".to_owned();
    record.envelope.audience =
        Audience::Groups(vec![Addressee { group, attempts: 2, due: Timestamp::default() }]);
    mesh.post_all(vec![record]).await;
    let delivery = super::waiting::next(&mut addressed).await;
    assert_eq!((super::sample::id(&delivery), delivery.attempt), (1, 3));
    delivery.ack();
    nothing(&mut everything).await;
    mesh.until_done("default/addressed").await;
}
