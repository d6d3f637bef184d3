//! Groups that are behind.

use crate::mesh::*;
use broker_core::{GroupSpec, StartAt};
use std::collections::BTreeSet;

#[tokio::test(start_paused = true)]
async fn a_group_far_behind_catches_up_and_joins_the_head_without_gap_or_double() {
    let mesh = Mesh::new().await;
    let mut sub = mesh.join("t", spec()).await;
    let mut ids = Vec::new();
    for thousand in 0..20u64 {
        mesh.post(thousand * 1000..(thousand + 1) * 1000).await;
        // Slower than what comes in, until everything is there.
        ids.extend(take(&mut sub, 100).await);
    }
    ids.extend(take(&mut sub, 18_000).await);
    mesh.post(20_000..20_010).await;
    ids.extend(take(&mut sub, 10).await);
    nothing(&mut sub).await;
    assert_eq!(ids.len(), 20_010);
    let distinct: BTreeSet<u64> = ids.iter().copied().collect();
    assert_eq!(distinct.len(), 20_010, "no double");
    assert!(ids.is_sorted(), "nothing failed, so nothing is out of order");
    settle().await;
    assert_eq!(mesh.lag("t").backlog, 0);
}

#[tokio::test(start_paused = true)]
async fn many_groups_behind_at_different_places_all_arrive() {
    let mesh = Mesh::new().await;
    let holder = mesh.join("holder", spec()).await;
    let mut late = Vec::new();
    for n in 0..30u64 {
        mesh.post(n * 200..(n + 1) * 200).await;
        let name = format!("late-{n}");
        let sub = mesh.join(&name, GroupSpec { paused: true, ..spec() }).await;
        late.push((name, n, sub));
    }
    mesh.post(6000..6100).await;
    for (name, _, _) in &late {
        broker_core::Channel::ensure_group(&*mesh.channel, &name.as_str().into(), spec()).await.unwrap();
    }
    for (name, n, sub) in &mut late {
        let first = (*n + 1) * 200;
        let want: Vec<u64> = (first..6100).collect();
        assert_eq!(take(sub, want.len()).await, want, "{name}");
        nothing(sub).await;
    }
    drop(holder);
}

#[tokio::test(start_paused = true)]
async fn a_start_in_the_past_reads_what_a_slower_group_still_keeps() {
    let mesh = Mesh::new().await;
    let _slow = mesh.join("slow", spec()).await;
    mesh.post(0..5000).await;
    settle().await;
    let mut sub = mesh.join("t", GroupSpec { start: StartAt::Earliest, ..spec() }).await;
    assert_eq!(take(&mut sub, 5000).await, (0..5000).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_read_is_asked_again_but_not_without_a_pause() {
    let (mesh, broken) = Mesh::broken().await;
    let mut sub = mesh.join("t", GroupSpec { paused: true, ..spec() }).await;
    mesh.post(0..10).await;
    settle().await;
    broken.set_broken(true);
    broker_core::Channel::ensure_group(&*mesh.channel, &"t".into(), spec()).await.unwrap();
    settle().await;
    let failed = broken.failed.load(std::sync::atomic::Ordering::Relaxed);
    assert!((1..=20).contains(&failed), "{failed} tries in five seconds");
    broken.set_broken(false);
    assert_eq!(take(&mut sub, 10).await, (0..10).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_dead_sink_that_has_read_everything_keeps_nobody_from_catching_up() {
    let mesh = Mesh::new().await;
    let mut dead = mesh.join("dead", spec()).await;
    let mut late = mesh.join("late", GroupSpec { paused: true, ..spec() }).await;
    mesh.post(0..3).await;
    next(&mut dead).await.unreachable(std::time::Duration::from_secs(1));
    for _ in 0..3 {
        next(&mut dead).await.bury();
    }
    settle().await;
    broker_core::Channel::ensure_group(&*mesh.channel, &"late".into(), spec()).await.unwrap();
    assert_eq!(take(&mut late, 3).await, [0, 1, 2]);
    mesh.post([3]).await;
    assert_eq!(take(&mut dead, 1).await, [3]);
}

#[tokio::test(start_paused = true)]
async fn a_catch_up_that_stalls_gives_its_place_to_others() {
    let mesh = Mesh::new().await;
    let mut hole = mesh.join("hole", GroupSpec { paused: true, ..spec() }).await;
    mesh.post(0..2).await;
    let mut late = mesh.join("late", GroupSpec { paused: true, ..spec() }).await;
    mesh.post(2..4).await;
    settle().await;
    // What `hole` has yet to read at the end of the log is gone, so its reader finds nothing.
    let end = mesh.log.end(LANE).await.unwrap();
    let faults = mesh.backend.faults();
    for position in end - 2..end {
        faults.damage(&broker_core::ChannelId::from("broker/default/shop"), LANE, position);
    }
    broker_core::Channel::ensure_group(&*mesh.channel, &"late".into(), spec()).await.unwrap();
    settle().await;
    broker_core::Channel::ensure_group(&*mesh.channel, &"hole".into(), spec()).await.unwrap();
    assert_eq!(take(&mut hole, 2).await, [0, 1]);
    mesh.post([4]).await;
    assert_eq!(take(&mut hole, 1).await, [4]);
    assert_eq!(take(&mut late, 1).await, [4]);
}
