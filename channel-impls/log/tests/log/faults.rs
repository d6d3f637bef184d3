//! Disks that fail or are full.

use crate::simdisk::{Faults, Op, SimDisk, SyncOf};
use crate::support::{EVENTS, channel, event, held, mark, numbers, open_on, small, until};
use broker_core::{AppendError, Backend, Health, Log, StateWrite};
use bytes::Bytes;
use std::time::Duration;

#[tokio::test]
async fn after_a_failed_sync_nothing_is_taken_any_more() {
    for faults in [Faults { sync: true, ..Faults::default() }, Faults { write: true, ..Faults::default() }] {
        let disk = SimDisk::default();
        let backend = open_on(&disk, small());
        let log = channel(&backend, "a").await;
        log.append(EVENTS, vec![mark(0, 1)]).await.unwrap();
        disk.fail(faults);
        let refused = log.append(EVENTS, vec![mark(1, 1)]).await.unwrap_err();
        assert!(refused.to_string().contains("on fire"), "{refused}");
        let health = backend.health();
        assert!(matches!(&*health.borrow(), Health::Failed(why) if why.contains("on fire")));
        // The disk says that it is well again: too late.
        disk.fail(Faults::default());
        let refused = log.append(EVENTS, vec![mark(2, 1)]).await;
        assert!(matches!(refused, Err(AppendError::Unavailable(_))));
        assert!(log.put_state(EVENTS, StateWrite::Change(Bytes::new())).await.is_err());
        assert_eq!(held(log.as_ref(), EVENTS).await, numbers(0..1));
    }
}

#[tokio::test]
async fn a_full_disk_refuses_events_takes_state_and_recovers() {
    let disk = SimDisk::default();
    let backend = open_on(&disk, small());
    let log = channel(&backend, "a").await;
    // Beyond the small first segment and the one that is prepared behind it.
    let mut taken = 0;
    for _ in 0..30 {
        log.append(EVENTS, vec![event(taken, 200)]).await.unwrap();
        taken += 1;
    }
    disk.fail(Faults { full: true, ..Faults::default() });
    let refused = loop {
        match log.append(EVENTS, vec![event(taken, 200)]).await {
            Ok(()) => taken += 1,
            Err(refused) => break refused,
        }
        assert!(taken < 200);
    };
    assert!(matches!(&refused, AppendError::Unavailable(why) if why.contains("free some disk")), "{refused}");
    let mut health = backend.health();
    assert!(matches!(&*health.borrow_and_update(), Health::Down(_)));
    // Delivery goes on: its state still has room, and it frees space.
    log.put_state(EVENTS, StateWrite::Change(Bytes::from("done"))).await.unwrap();
    log.truncate(EVENTS, taken).await.unwrap();
    until("an append that is taken", || matches!(&*health.borrow(), Health::Up)).await;
    log.append(EVENTS, vec![event(taken, 200)]).await.unwrap();

    drop(backend);
    disk.fail(Faults::default());
    let backend = open_on(&disk, small());
    let log = channel(&backend, "a").await;
    assert_eq!(held(log.as_ref(), EVENTS).await, numbers(taken..taken + 1));
    assert_eq!(log.load_state(EVENTS).await.unwrap(), ["done"]);
}

#[tokio::test]
async fn a_full_disk_that_gets_room_is_used_again() {
    let disk = SimDisk::default();
    disk.fail(Faults { full: true, ..Faults::default() });
    let backend = open_on(&disk, small());
    let log = channel(&backend, "a").await;
    assert!(log.append(EVENTS, vec![event(0, 1)]).await.is_err());
    disk.fail(Faults::default());
    let health = backend.health();
    until("health", || matches!(&*health.borrow(), Health::Up)).await;
    log.append(EVENTS, vec![event(0, 1)]).await.unwrap();
}

#[tokio::test]
async fn a_log_that_is_opened_on_a_full_disk_takes_what_frees_space_and_nothing_else() {
    let full = Faults { full: true, ..Faults::default() };
    let mut disk = SimDisk::default();
    let backend = open_on(&disk, small());
    let log = channel(&backend, "a").await;
    let mut taken = 0;
    while log.append(EVENTS, vec![event(taken, 200)]).await.is_ok() {
        taken += 1;
        assert!(taken < 200);
        if taken == 100 {
            disk.fail(full);
        }
    }
    for round in 0..6 {
        // As a kill leaves it, as soon as the state is written: before or after what is empty was given back.
        let killed_at = written(&disk.ops()).filter(|_| round % 2 == 1).unwrap_or(usize::MAX);
        let ops = disk.ops();
        disk = SimDisk::after(&ops[..ops.len().min(killed_at)]);
        disk.fail(full);
        let backend = open_on(&disk, small());
        let log = channel(&backend, "a").await;
        let state = vec![Bytes::from(format!("done {round}"))];
        assert!(log.append(EVENTS, vec![event(taken, 200)]).await.is_err());
        save(log.as_ref(), &state).await;
        assert!(log.append(EVENTS, vec![event(taken, 200)]).await.is_err());
        assert_eq!(log.load_state(EVENTS).await.unwrap(), state);
        assert_eq!(held(log.as_ref(), EVENTS).await, numbers(0..taken));
        if round == 5 {
            log.truncate(EVENTS, taken).await.unwrap();
            let health = backend.health();
            until("an old segment to be used again", || matches!(&*health.borrow(), Health::Up)).await;
            log.append(EVENTS, vec![event(taken, 200)]).await.unwrap();
        }
    }
}

/// Writes the state as the engine does: once more if need be, for what is empty is given back meanwhile.
async fn save(log: &dyn Log, state: &[Bytes]) {
    for _ in 0..1000 {
        if log.put_state(EVENTS, StateWrite::Snapshot(state.to_vec())).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("the state finds no room");
}

/// Where the last write was synced.
fn written(ops: &[Op]) -> Option<usize> {
    ops.iter().rposition(|op| matches!(op, Op::Sync { of: SyncOf::Written, .. })).map(|at| at + 1)
}
