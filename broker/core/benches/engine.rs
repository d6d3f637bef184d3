//! What the engine costs per event, beside the memory log alone: CPU time of the whole process.

#![expect(clippy::unwrap_used, reason = "a benchmark that fails may panic")]

use broker_core::engine::{Engine, Limits};
use broker_core::{Backend, Channel, ChannelId, ChannelOptions, GroupSpec, Order, StartAt};
use channel_memory::MemoryBackend;
use event::{Envelope, Event, Record, Timestamp};
use filter::Filter;
use std::num::NonZeroUsize;
use std::time::Duration;

const EVENTS: u64 = 400_000;
const AT_ONCE: u64 = 32;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    println!("{:<28}{:>12}{:>12}", "", "us CPU", "us wall");
    for (name, groups, window) in [
        ("append only", 0, 100),
        ("one group", 1, 100),
        ("one group, window 1", 1, 1),
        ("four groups", 4, 100),
    ] {
        let begin = (cpu(), std::time::Instant::now());
        runtime.block_on(round(groups, window));
        let (cpu, wall) = (cpu() - begin.0, begin.1.elapsed().as_secs_f64());
        println!("{name:<28}{:>12.2}{:>12.2}", cpu * 1e6 / EVENTS as f64, wall * 1e6 / EVENTS as f64);
    }
}

async fn round(groups: usize, window: usize) {
    let options = ChannelOptions::default();
    let log = MemoryBackend::new().open(&ChannelId::from("bench"), &options).await.unwrap();
    let channel = Engine::open(log, &options, &Limits::default());
    let mut workers = tokio::task::JoinSet::new();
    for n in 0..groups {
        let name = format!("g{n}").as_str().into();
        channel.ensure_group(&name, spec(window)).await.unwrap();
        let mut sub = channel.subscribe(&name).await.unwrap();
        workers.spawn(async move {
            for _ in 0..EVENTS {
                sub.next().await.unwrap().ack();
            }
        });
    }
    for batch in 0..EVENTS / AT_ONCE {
        channel.append((0..AT_ONCE).map(|n| record(batch * AT_ONCE + n)).collect()).await.unwrap();
        tokio::task::yield_now().await;
    }
    while workers.join_next().await.is_some() {}
    channel.close().await;
}

fn record(id: u64) -> Record {
    let event =
        Event::builder().set("id", &id.to_string()).set("source", "/bench").set("type", "a").build().unwrap();
    Record { envelope: Envelope::accepted(255, Timestamp(1)), event }
}

fn spec(window: usize) -> GroupSpec {
    GroupSpec {
        incarnation: "1".to_owned(),
        filter: Filter::everything(),
        start: StartAt::Now,
        order: Order::None,
        window: NonZeroUsize::new(window).unwrap(),
        max_waiting: 100_000,
        paused: false,
        longest_wait: Duration::from_secs(300),
    }
}

/// CPU seconds of this process, user and system.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks / 100.0
}
