//! Channels with several lanes, some of them another process's.

use crate::mesh::spec;
use broker_core::engine::{Engine, Limits};
use broker_core::{Backend, Channel, ChannelId, ChannelOptions, Entry, Lane};
use channel_memory::MemoryBackend;

/// Its owner would never hear of the group, and truncate what is for it.
#[tokio::test(start_paused = true)]
async fn a_lane_that_could_not_be_told_of_a_group_is_told_when_it_is_tried_again() {
    const OTHERS: Lane = Lane(0);
    let backend = MemoryBackend::with_lanes(3);
    let (id, options) = (ChannelId::from("broker/default/shop"), ChannelOptions::default());
    let log = backend.open(&id, &options).await.unwrap();
    let channel = Engine::open(log.clone(), &options, &Limits::default());
    backend.faults().take_lane(&id, OTHERS).await;
    tokio::task::yield_now().await;
    backend.faults().refuse_appends(1);
    channel.ensure_group(&"default/a".into(), spec()).await.unwrap_err();
    channel.ensure_group(&"default/a".into(), spec()).await.unwrap();
    let mut reader = log.read(OTHERS, 0);
    let told = tokio::time::timeout(std::time::Duration::from_secs(1), reader.next()).await;
    let batch = told.expect("nothing was appended").unwrap();
    assert!(matches!(&batch.entries[..], [(_, Entry::Group(_))]), "{batch:?}");
    channel.ensure_group(&"default/a".into(), spec()).await.unwrap();
    assert_eq!(log.end(OTHERS).await.unwrap(), batch.next, "the same again needs no record");
}
