//! How many readers there are.

use crate::broken::{BrokenLog, Readers};
use crate::mesh::*;
use broker_core::engine::{Engine, Limits};
use broker_core::{Backend, Channel, ChannelId, ChannelOptions, GroupSpec};
use channel_memory::MemoryBackend;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

const CHANNELS: u32 = 20;
const CATCH_UP_HEADS: u32 = 4;

#[tokio::test(start_paused = true)]
async fn however_many_are_behind_a_process_has_four_catch_up_heads() {
    let (backend, limits, options) = (MemoryBackend::new(), Limits::default(), ChannelOptions::default());
    let readers = Arc::new(Readers::default());
    let mut channels = Vec::new();
    for n in 0..CHANNELS {
        let log = backend.open(&ChannelId::from(format!("c{n}").as_str()), &options).await.unwrap();
        let engine = Engine::open(BrokenLog::counted(log, &readers), &options, &limits);
        engine.ensure_group(&"t".into(), GroupSpec { paused: true, ..spec() }).await.unwrap();
        let records = (0..2000).map(|id| record(id, "a", None)).collect();
        engine.append(records).await.unwrap();
        channels.push(engine);
    }
    settle().await;
    let heads_and_letters = readers.now.load(Relaxed);
    readers.slow.store(true, Relaxed);
    let mut behind = tokio::task::JoinSet::new();
    for engine in channels {
        engine.ensure_group(&"t".into(), spec()).await.unwrap();
        let mut sub = engine.subscribe(&"t".into()).await.unwrap();
        behind.spawn(async move {
            assert_eq!(take(&mut sub, 2000).await, (0..2000).collect::<Vec<_>>());
            drop(engine);
        });
    }
    behind.join_all().await;
    assert_eq!(readers.most.load(Relaxed) - heads_and_letters, CATCH_UP_HEADS);
}
