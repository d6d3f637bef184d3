//! Lending, groups, filters, starts.

use crate::mesh::*;
use broker_core::{Channel, GroupName, GroupSpec, StartAt};
use filter::Filter;

#[tokio::test(start_paused = true)]
async fn events_come_in_order_and_the_lag_goes_to_zero() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join("t", spec()).await;
    mesh.post(0..100).await;
    assert_eq!(take(&mut sub, 100).await, (0..100).collect::<Vec<_>>());
    settle().await;
    assert_eq!(mesh.lag("t"), broker_core::Lag::default());
}

#[tokio::test(start_paused = true)]
async fn the_window_bounds_what_is_lent() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join("t", spec()).await;
    mesh.post(0..30).await;
    let mut lent = Vec::new();
    for _ in 0..10 {
        lent.push(next(&mut sub).await);
    }
    nothing(&mut sub).await;
    lent.pop().unwrap().ack();
    assert_eq!(id(&next(&mut sub).await), 10);
}

#[tokio::test(start_paused = true)]
async fn groups_get_what_their_filter_matches_and_nothing_else() {
    let mesh = Mesh::new().await;
    let only = |ty: &str| GroupSpec { filter: Filter::Exact("type".to_owned(), ty.to_owned()), ..spec() };
    let mut a = mesh.join("a", only("a")).await;
    let mut b = mesh.join("b", only("b")).await;
    mesh.channel
        .append(vec![record(1, "a", None), record(2, "b", None), record(3, "c", None)])
        .await
        .unwrap();
    assert_eq!(take(&mut a, 1).await, [1]);
    assert_eq!(take(&mut b, 1).await, [2]);
    nothing(&mut a).await;
    nothing(&mut b).await;
}

#[tokio::test(start_paused = true)]
async fn a_new_group_starts_exactly_where_it_was_asked_to() {
    let mesh = Mesh::new().await;
    mesh.post(0..5).await;
    settle().await;
    let mut now = mesh.join("now", spec()).await;
    let mut all = mesh.join("all", GroupSpec { start: StartAt::Earliest, ..spec() }).await;
    mesh.post(5..8).await;
    assert_eq!(take(&mut now, 3).await, [5, 6, 7]);
    nothing(&mut now).await;
    // Without a retention what nobody needed is gone; what came while somebody did is not.
    let from = take(&mut all, 3).await;
    assert!(from.ends_with(&[5, 6, 7]) || from == [0, 1, 2], "{from:?}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_group_does_not_hold_the_others() {
    let mesh = Mesh::new().await;
    let _stuck = mesh.join("stuck", spec()).await;
    let mut quick = mesh.join("quick", spec()).await;
    for hundred in 0..50 {
        mesh.post(hundred * 100..(hundred + 1) * 100).await;
        take(&mut quick, 100).await;
    }
    settle().await;
    assert!(mesh.lag("stuck").backlog > 0);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_subscription_gives_everything_back() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join("t", spec()).await;
    mesh.post(0..20).await;
    let first = next(&mut sub).await;
    drop(sub);
    drop(first);
    let mut sub = mesh.channel.subscribe(&GroupName::from("t")).await.unwrap();
    let mut ids = take(&mut sub, 20).await;
    ids.sort_unstable();
    assert_eq!(ids, (0..20).collect::<Vec<_>>());
    nothing(&mut sub).await;
}

#[tokio::test(start_paused = true)]
async fn a_paused_group_resumes_where_it_was() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join("t", spec()).await;
    mesh.post(0..5).await;
    take(&mut sub, 5).await;
    mesh.channel.ensure_group(&"t".into(), GroupSpec { paused: true, ..spec() }).await.unwrap();
    mesh.post(5..2000).await;
    nothing(&mut sub).await;
    mesh.channel.ensure_group(&"t".into(), spec()).await.unwrap();
    let mut ids = take(&mut sub, 1995).await;
    ids.sort_unstable();
    assert_eq!(ids, (5..2000).collect::<Vec<_>>());
    nothing(&mut sub).await;
}

#[tokio::test(start_paused = true)]
async fn a_changed_filter_loses_nothing_that_both_match() {
    let mesh = Mesh::new().await;
    let prefix = |p: &str| GroupSpec { filter: Filter::Prefix("type".to_owned(), p.to_owned()), ..spec() };
    let mut sub = mesh.join("t", prefix("a")).await;
    mesh.post(0..50).await;
    mesh.channel.ensure_group(&"t".into(), prefix("")).await.unwrap();
    mesh.post(50..100).await;
    let mut ids = take(&mut sub, 100).await;
    ids.sort_unstable();
    assert_eq!(ids, (0..100).collect::<Vec<_>>());
    nothing(&mut sub).await;
}

#[tokio::test(start_paused = true)]
async fn a_parked_group_resumes_and_another_incarnation_starts_anew() {
    let mesh = Mesh::new().await;
    let sub = mesh.join("t", spec()).await;
    drop(sub);
    mesh.channel.park_group(&"t".into()).await.unwrap();
    mesh.post(0..10).await;
    settle().await;
    assert_eq!(mesh.channel.parked_groups().len(), 1);
    let mesh = mesh.restart().await;
    settle().await;
    assert_eq!(mesh.channel.parked_groups().len(), 1);
    let mut sub = mesh.join("t", spec()).await;
    assert_eq!(take(&mut sub, 10).await, (0..10).collect::<Vec<_>>());
    assert!(mesh.channel.parked_groups().is_empty());
    mesh.post(10..20).await;
    // Else the first events of the new life may still go to it.
    drop(sub);
    let mut sub = mesh.join("t", GroupSpec { incarnation: "2".to_owned(), ..spec() }).await;
    mesh.post(20..22).await;
    settle().await;
    let mut got = take(&mut sub, 2).await;
    got.sort_unstable();
    assert_eq!(got, [20, 21], "another life begins at its own start");
}

#[tokio::test(start_paused = true)]
async fn a_removed_group_is_gone() {
    let mesh = Mesh::new().await;
    let _sub = mesh.join("t", spec()).await;
    mesh.post(0..10).await;
    mesh.channel.remove_group(&"t".into()).await.unwrap();
    settle().await;
    assert!(mesh.channel.lag(&"t".into()).is_none());
    let mesh = mesh.restart().await;
    settle().await;
    assert!(mesh.channel.parked_groups().is_empty());
}

#[tokio::test(start_paused = true)]
async fn how_long_a_group_is_parked_survives_a_restart() {
    let mesh = Mesh::new().await;
    let _sub = mesh.join("t", spec()).await;
    mesh.channel.park_group(&"t".into()).await.unwrap();
    settle().await;
    let since = mesh.channel.parked_groups();
    let mesh = mesh.restart().await;
    // The lane has loaded its groups when it answers for another one.
    mesh.channel.ensure_group(&"other".into(), spec()).await.unwrap();
    let parked = mesh.channel.parked_groups();
    assert_eq!(parked, since, "who looks now must not think that nobody knows since when");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_removed_and_wanted_again_at_once_begins_anew() {
    for _ in 0..20 {
        let mesh = Mesh::new().await;
        let _sub = mesh.join("t", spec()).await;
        settle().await;
        mesh.channel.remove_group(&"t".into()).await.unwrap();
        let mut sub = mesh.join("t", spec()).await;
        mesh.post([1]).await;
        assert_eq!(take(&mut sub, 1).await, [1]);
    }
}
