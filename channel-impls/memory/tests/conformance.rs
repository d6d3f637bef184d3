//! The log in memory keeps every promise of the contract, with one lane and with several.
#![expect(clippy::unwrap_used, reason = "the helpers of a test are test code too")]

use async_trait::async_trait;
use broker_core::conformance::{Harness, LaneHarness};
use broker_core::{Backend, ChannelId, Lane};
use channel_memory::MemoryBackend;
use std::sync::{Arc, Mutex};

struct Memory(Mutex<MemoryBackend>);

impl Memory {
    fn with_lanes(lanes: u32) -> Self {
        Self(Mutex::new(MemoryBackend::with_lanes(lanes)))
    }

    fn backend(&self) -> MemoryBackend {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl Harness for Memory {
    async fn open(&self) -> Arc<dyn Backend> {
        let next = self.backend().faults().restart();
        *self.0.lock().unwrap() = next.clone();
        Arc::new(next)
    }
}

#[async_trait]
impl LaneHarness for Memory {
    async fn take_lane(&self, channel: &ChannelId, lane: Lane) {
        self.backend().faults().take_lane(channel, lane).await;
    }

    async fn give_lane(&self, channel: &ChannelId, lane: Lane) {
        self.backend().faults().give_lane(channel, lane).await;
    }
}

mod one_lane {
    use super::Memory;

    broker_core::conformance!(Memory::with_lanes(1), paused);
    broker_core::lane_conformance!(Memory::with_lanes(1), paused);
}

mod three_lanes {
    use super::Memory;

    broker_core::conformance!(Memory::with_lanes(3), paused);
    broker_core::lane_conformance!(Memory::with_lanes(3), paused);
}
