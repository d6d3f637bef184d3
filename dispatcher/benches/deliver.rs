//! CPU per delivery: the whole dispatcher against a bare loop over a held connection, same sink, same run.
//!
//! `cargo bench -p dispatcher` prints microseconds of CPU of this process per request (the sink is another
//! process and not counted) and requests per second. Figures of different runs do not compare.

use async_trait::async_trait;
use broker_core::doubles::Lender;
use broker_core::{
    Channel, ChannelError, ChannelId, ChannelOptions, ChannelRef, Channels, DeadLetterStore, Delivery,
    DeliveryPolicy, GroupName, GroupSpec, HttpSink, Lag, Limits, ObjectKey, Order, Outcome, Publisher, Route,
    RoutingTable, Sink, StartAt, Subscription, TriggerRoute,
};
use bytes::Bytes;
use dispatcher::{Dispatcher, Options};
use event::{Data, Envelope, Event, Record, Timestamp};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use prometheus_client::registry::Registry;
use std::future::Future;
use std::io::BufRead;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

const PAYLOAD: usize = 256;
const ROUNDS: usize = 3;
const WARM_UP: Duration = Duration::from_millis(300);
const MEASURE: Duration = Duration::from_millis(1500);

fn main() {
    if std::env::args().any(|a| a == "--sink") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(sink());
        return;
    }
    let exe = std::env::current_exe().expect("this program");
    let mut child = std::process::Command::new(exe)
        .arg("--sink")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the sink starts");
    let mut address = String::new();
    let out = child.stdout.take().expect("it is piped");
    std::io::BufReader::new(out).read_line(&mut address).expect("the sink says its address");
    let address: Arc<str> = address.trim().into();
    println!("{:<34} {:>10} {:>12}", "", "us/request", "requests/s");
    for window in [32, 100] {
        for _ in 0..ROUNDS {
            let to = address.clone();
            measure(&format!("bare loop, window {window}"), move |n| bare(to, window, n));
            let to = address.clone();
            measure(&format!("dispatcher, window {window}"), move |n| dispatch(to, window, n));
        }
    }
    child.kill().and_then(|()| child.wait()).expect("the sink ends");
}

fn measure<F: Future<Output = ()> + Send + 'static>(name: &str, work: impl FnOnce(Arc<AtomicU64>) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let count = Arc::new(AtomicU64::new(0));
    runtime.spawn(work(count.clone()));
    std::thread::sleep(WARM_UP);
    let (cpu, before, begin) = (cpu(), count.load(Ordering::Relaxed), Instant::now());
    std::thread::sleep(MEASURE);
    let done = (count.load(Ordering::Relaxed) - before).max(1) as f64;
    let micros = (self::cpu() - cpu).as_secs_f64() * 1e6;
    println!("{name:<34} {:>10.2} {:>12.0}", micros / done, done / begin.elapsed().as_secs_f64());
    runtime.shutdown_background();
}

/// CPU time of all threads of this process.
fn cpu() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").expect("procfs").flatten();
    let nanos = tasks.filter_map(|task| {
        let stat = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        stat.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

/// Reads requests of a known size, answers 202.
async fn sink() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("its address"));
    while let Ok((mut stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut buffer = vec![0; 16 * 1024];
            let mut filled = 0;
            while let Ok(n @ 1..) = stream.read(&mut buffer[filled..]).await {
                filled += n;
                let end = buffer[..filled].windows(4).position(|w| w == b"\r\n\r\n");
                if end.is_some_and(|end| filled >= end + 4 + PAYLOAD) {
                    filled = 0;
                    let answer = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
                    stream.write_all(answer).await.expect("the client reads");
                }
            }
        });
    }
}

fn event() -> Event {
    Event::builder()
        .set("id", "a234-1234-1234")
        .set("source", "/mycontext/4")
        .set("type", "com.example.someevent")
        .set("datacontenttype", "application/json")
        .data(Data::Bytes(Bytes::from_static(&[b'x'; PAYLOAD])))
        .build()
        .expect("a valid event")
}

/// The floor: as many loops as the window is wide, each over its own connection.
async fn bare(address: Arc<str>, window: usize, count: Arc<AtomicU64>) {
    for _ in 0..window {
        let (address, count) = (address.clone(), count.clone());
        tokio::spawn(async move {
            let stream = TcpStream::connect(&*address).await.expect("the sink listens");
            stream.set_nodelay(true).expect("a socket option");
            let (mut requests, wire) =
                hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("a connection");
            tokio::spawn(wire);
            loop {
                let request = http::Request::post("/events")
                    .header("host", &*address)
                    .header("prefer", "reply")
                    .header("kn-namespace", "default")
                    .header("ce-specversion", "1.0")
                    .header("ce-id", "a234-1234-1234")
                    .header("ce-source", "/mycontext/4")
                    .header("ce-type", "com.example.someevent")
                    .header("content-type", "application/json")
                    .body(Full::new(Bytes::from_static(&[b'x'; PAYLOAD])))
                    .expect("a request");
                if requests.ready().await.is_err() {
                    return;
                }
                let answer = requests.send_request(request).await.expect("an answer");
                assert_eq!(answer.status(), 202);
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
}

/// A channel that lends the same event for ever, as many times at once as the window is wide.
struct Endless {
    record: Arc<Record>,
    window: usize,
    count: Arc<AtomicU64>,
    lending: Mutex<Option<tokio::task::JoinHandle<()>>>,
}

#[async_trait]
impl Channel for Endless {
    async fn subscribe(&self, _: &GroupName) -> Result<Subscription, ChannelError> {
        let (mut lender, subscription) = Lender::new();
        let (record, window, count) = (self.record.clone(), self.window, self.count.clone());
        let lending = tokio::spawn(async move {
            let mut position = 0;
            while position < window as u64 && lender.lend(&record, position, 1, false) {
                position += 1;
            }
            while let Some((_, outcome)) = lender.settled().await {
                assert_eq!(outcome, Outcome::Ack);
                count.fetch_add(1, Ordering::Relaxed);
                position += 1;
                lender.lend(&record, position, 1, false);
            }
        });
        *self.lending.lock().expect("not poisoned") = Some(lending);
        Ok(subscription)
    }

    async fn append(&self, _: Vec<Record>) -> Result<(), broker_core::AppendError> {
        Ok(())
    }
    async fn conclude(
        &self,
        _: &GroupName,
        _: &Delivery,
        _: Vec<Record>,
    ) -> Result<(), broker_core::AppendError> {
        Ok(())
    }
    async fn ensure_group(&self, _: &GroupName, _: GroupSpec) -> Result<(), ChannelError> {
        Ok(())
    }
    async fn park_group(&self, _: &GroupName) -> Result<(), ChannelError> {
        Ok(())
    }
    async fn remove_group(&self, _: &GroupName) -> Result<(), ChannelError> {
        Ok(())
    }
    fn lag(&self, _: &GroupName) -> Option<Lag> {
        None
    }
    fn parked_groups(&self) -> Vec<(GroupName, Timestamp)> {
        Vec::new()
    }
    fn configure(&self, _: &ChannelOptions) {}
    fn dead_letters(&self) -> Arc<DeadLetterStore> {
        unreachable!("the sink takes everything")
    }
    fn bytes(&self) -> u64 {
        0
    }
    async fn close(&self) {}
}

async fn dispatch(address: Arc<str>, window: usize, count: Arc<AtomicU64>) {
    let id = ChannelId::from("bench");
    let channels = Channels::default();
    let record = Arc::new(Record { envelope: Envelope::accepted(255, Timestamp::now()), event: event() });
    let channel: Arc<dyn Channel> = Arc::new(Endless { record, window, count, lending: Mutex::default() });
    channels.insert(&id, &channel);
    let (publish, routes) = broker_core::routes();
    publish.publish(table(id, &address, window));
    let publisher = Publisher::new(routes.clone(), channels.clone(), Limits { max_event_bytes: 1024 * 1024 });
    let dispatcher =
        Dispatcher::new(routes, channels, publisher, Options::default(), &mut Registry::default());
    dispatcher.expect("no CA bundle").run(CancellationToken::new()).await;
}

fn table(id: ChannelId, address: &str, window: usize) -> RoutingTable {
    let uri = format!("http://{address}/events").parse().expect("a URI");
    let trigger = TriggerRoute {
        group: GroupName::from("default/bench"),
        namespace: "default".into(),
        spec: GroupSpec {
            incarnation: String::new(),
            filter: filter::Filter::everything(),
            start: StartAt::Now,
            order: Order::None,
            window: NonZeroUsize::new(window).expect("a window"),
            max_waiting: 1000,
            paused: false,
            longest_wait: Duration::from_secs(300),
        },
        sink: Sink::Http(Arc::new(HttpSink { uri, ca_certs: None, client_certificate: None })),
        reply: None,
        step: false,
        delivery: DeliveryPolicy::default(),
        dead_letter_sink: None,
        handshake: false,
    };
    let key = ObjectKey::broker("default", "bench");
    let channel = ChannelRef { backend: "bench".to_owned(), id, options: ChannelOptions::default() };
    let route = Route { key: key.clone(), channel, hops: 255, triggers: vec![Arc::new(trigger)] };
    RoutingTable { generation: 1, routes: [(key, Arc::new(route))].into(), ..RoutingTable::default() }
}
