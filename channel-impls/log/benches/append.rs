//! What an append costs, beside the floor: the same bytes in the same batches, written and synced bare.
//!
//! `cargo bench -p channel-log` prints CPU microseconds and wall time per event for some numbers of concurrent
//! appenders. Only ratios within one run mean something. `SLUICE_BENCH_DIR` chooses the disk.

#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first error")]

use broker_core::{Backend, ChannelId, ChannelOptions, Entry, Lane};
use channel_log::{LogBackend, LogOptions};
use event::{Data, Envelope, Event, Record, Timestamp};
use prometheus_client::registry::Registry;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

const SEGMENT: u64 = 16 << 20;
const TIME: Duration = Duration::from_secs(3);

/// CPU time of this process, all threads.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap(), u32::try_from(time.tv_nsec).unwrap())
}

fn record() -> Entry {
    let event = Event::builder()
        .set("specversion", "1.0")
        .set("id", "018f2d5e-7c1a-7e3b-9d4f-5a6b7c8d9e0f")
        .set("source", "https://shop.example.com/orders")
        .set("type", "com.example.order.created")
        .set("time", "2026-01-02T03:04:05.678Z")
        .set("datacontenttype", "application/json")
        .data(Data::Bytes(vec![b'x'; 256].into()))
        .build()
        .unwrap();
    Entry::Event(Arc::new(Record { envelope: Envelope::accepted(255, Timestamp::now()), event }))
}

/// Runs `appenders` tasks of `append` for a while and prints what an event cost.
fn measure<F, Fut>(name: &str, appenders: usize, append: F) -> f64
where
    F: Fn() -> Fut + Clone + Send + 'static,
    Fut: Future<Output = ()> + Send,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (began, before) = (Instant::now(), cpu());
    let count: u64 = runtime.block_on(async {
        let tasks = (0..appenders).map(|_| {
            let append = append.clone();
            tokio::spawn(async move {
                let mut count = 0u64;
                while began.elapsed() < TIME {
                    append().await;
                    count += 1;
                }
                count
            })
        });
        futures::future::join_all(tasks).await.into_iter().map(Result::unwrap).sum()
    });
    let (wall, used) = (began.elapsed().as_secs_f64(), (cpu() - before).as_secs_f64());
    let per_event = used * 1e6 / count as f64;
    let each = wall * 1e6 * appenders as f64 / count as f64;
    println!(
        "{name:>8} {appenders:>4} appenders {:>9.0}/s {per_event:>7.2} us CPU {each:>8.0} us each",
        count as f64 / wall
    );
    per_event
}

/// A bare group commit: the queue is swapped out, written in one piece, synced, answered.
struct Floor {
    queue: Mutex<(Vec<u8>, Vec<oneshot::Sender<()>>, bool)>,
    wake: Condvar,
}

impl Floor {
    fn start(dir: &Path) -> Arc<Self> {
        let floor = Arc::new(Self { queue: Mutex::default(), wake: Condvar::new() });
        let file = File::create(dir.join("floor")).unwrap();
        file.write_all_at(&vec![0; usize::try_from(SEGMENT).unwrap()], 0).unwrap();
        file.sync_all().unwrap();
        let writer = floor.clone();
        std::thread::spawn(move || writer.run(&file));
        floor
    }

    fn run(&self, file: &File) {
        let mut at = 0;
        loop {
            let mut queue = self.queue.lock().unwrap();
            while queue.1.is_empty() {
                queue.2 = true;
                queue = self.wake.wait(queue).unwrap();
            }
            let (bytes, waiting) = (std::mem::take(&mut queue.0), std::mem::take(&mut queue.1));
            drop(queue);
            if at + bytes.len() as u64 > SEGMENT {
                at = 0;
            }
            file.write_all_at(&bytes, at).unwrap();
            file.sync_data().unwrap();
            at += bytes.len() as u64;
            waiting.into_iter().for_each(|waiting| waiting.send(()).unwrap());
        }
    }

    async fn append(&self, bytes: &[u8]) {
        let (done, answer) = oneshot::channel();
        {
            let mut queue = self.queue.lock().unwrap();
            queue.0.extend_from_slice(bytes);
            queue.1.push(done);
            if std::mem::take(&mut queue.2) {
                self.wake.notify_one();
            }
        }
        answer.await.unwrap();
    }
}

/// Resident memory of this process in MiB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: f64 = status.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096.0 / f64::from(1 << 20)
}

/// A backlog of a million records: what it takes in memory, how fast it is read, how soon it is open again.
fn backlog(dir: &Path, entry: &Entry) {
    const RECORDS: u64 = 1_000_000;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let open = || LogBackend::open(dir, LogOptions::default(), &mut Registry::default()).unwrap();
    let channel = |backend: Arc<LogBackend>| async move {
        backend.open(&ChannelId::from("bench"), &ChannelOptions::default()).await.unwrap()
    };
    let (backend, before) = (open(), resident());
    runtime.block_on(async {
        let log = channel(backend.clone()).await;
        for _ in 0..RECORDS / 1000 {
            log.append(Lane(0), vec![entry.clone(); 1000]).await.unwrap();
        }
        println!("backlog of {RECORDS}: {} MiB, memory {:+.0} MiB", log.bytes() >> 20, resident() - before);
        let (began, used) = (Instant::now(), cpu());
        let (mut reader, mut count) = (log.read(Lane(0), 0), 0);
        while count < RECORDS {
            count += reader.next().await.unwrap().entries.len() as u64;
        }
        let used = (cpu() - used).as_secs_f64() * 1e6 / RECORDS as f64;
        println!("read in {:.2} s, {used:.2} us CPU each", began.elapsed().as_secs_f64());
    });
    drop(backend);
    let began = Instant::now();
    let backend = open();
    println!("opened in {:.2} s, memory {:.0} MiB", began.elapsed().as_secs_f64(), resident());
    runtime.block_on(async {
        let log = channel(backend.clone()).await;
        assert_eq!(log.end(Lane(0)).await.unwrap(), RECORDS);
    });
}

fn main() {
    let base = std::env::var_os("SLUICE_BENCH_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    std::fs::create_dir_all(&base).unwrap();
    let dir = tempfile::tempdir_in(base).unwrap();
    let entry = record();
    let mut bytes = Vec::new();
    entry.encode(&mut bytes);
    println!("{} bytes a record", bytes.len());
    let backend = LogBackend::open(&dir.path().join("log"), LogOptions::default(), &mut Registry::default());
    let backend = backend.unwrap();
    let log = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        backend.open(&ChannelId::from("bench"), &ChannelOptions::default()).await.unwrap()
    });
    let floor = Floor::start(dir.path());
    backlog(&dir.path().join("backlog"), &entry);
    let bytes: Arc<[u8]> = bytes.into();
    for appenders in [1, 8, 32, 128, 32, 32] {
        let (floor, bytes) = (floor.clone(), bytes.clone());
        let bare = measure("floor", appenders, move || {
            let (floor, bytes) = (floor.clone(), bytes.clone());
            async move { floor.append(&bytes).await }
        });
        let (log, entry) = (log.clone(), entry.clone());
        let (appending, last) = (log.clone(), log.clone());
        let ours = measure("log", appenders, move || {
            let (log, entry) = (appending.clone(), entry.clone());
            async move { log.append(Lane(0), vec![entry]).await.unwrap() }
        });
        println!("{:>8} {:.2} x, {:+.2} us\n", "", ours / bare, ours - bare);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { last.truncate(Lane(0), u64::MAX).await.unwrap() });
    }
}
