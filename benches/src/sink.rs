//! The sink: takes every event, answers 202 (at `/echo` with an event of the size that it gets), knows how long each
//! was on its way.

use crate::wire::Wire;
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

const ANSWER: &[u8] = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
/// Microseconds of an hour: whatever took longer counts as that.
const LONGEST: u64 = 3_600_000_000;

/// Where the sink listens.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

struct Tally {
    received: AtomicU64,
    /// Microseconds from the moment an event was due to its arrival.
    latencies: Mutex<Histogram<u64>>,
}

/// Serves until standard input ends. A line `stats` is answered with figures, `reset` forgets them.
pub(crate) fn run(args: &Args) -> Result<(), crate::Error> {
    // One thread: waking others would cost more than the work.
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let listener = runtime.block_on(TcpListener::bind(args.listen))?;
    println!("listening on http://{}", listener.local_addr()?);
    let tally = Arc::new(Tally::new()?);
    let accepting = tally.clone();
    thread::spawn(move || runtime.block_on(accept(listener, accepting)));
    for line in std::io::stdin().lock().lines() {
        if line? == "reset" {
            tally.reset();
        }
        println!("{}", tally.figures());
        std::io::stdout().flush()?;
    }
    Ok(())
}

async fn accept(listener: TcpListener, tally: Arc<Tally>) {
    while let Ok((stream, _)) = listener.accept().await {
        let tally = tally.clone();
        // A connection that breaks off is the server's affair: it sends again.
        tokio::spawn(async move { drop(serve(stream, &tally).await) });
    }
}

async fn serve(stream: TcpStream, tally: &Tally) -> std::io::Result<()> {
    let mut wire = Wire::new(stream)?;
    while let Some(event) = wire.receive().await? {
        let sent = event.number(b"ce-sent");
        let answers = event.is_to("/echo");
        tally.note(sent);
        match sent.filter(|_| answers) {
            Some(sent) => wire.send(&answer(sent)).await?,
            None => wire.send(ANSWER).await?,
        }
    }
    Ok(())
}

/// An event like those that are sent.
fn answer(sent: u64) -> Vec<u8> {
    let payload = [b'x'; 256];
    let head = format!(
        "HTTP/1.1 200 OK\r\nce-specversion: 1.0\r\nce-id: {sent}\r\nce-source: /benches\r\nce-type: {}\r\n\
         ce-sent: {sent}\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n",
        crate::mesh::TYPE,
        payload.len(),
    );
    [head.as_bytes(), &payload].concat()
}

impl Tally {
    fn new() -> Result<Self, crate::Error> {
        let latencies = Histogram::new_with_bounds(1, LONGEST, 3)?;
        Ok(Self { received: AtomicU64::new(0), latencies: Mutex::new(latencies) })
    }

    fn note(&self, sent: Option<u64>) {
        if let Some(sent) = sent {
            let late = now_micros().saturating_sub(sent);
            self.latencies.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(late);
        }
        self.received.fetch_add(1, Relaxed);
    }

    fn reset(&self) {
        self.latencies.lock().unwrap_or_else(PoisonError::into_inner).reset();
        self.received.store(0, Relaxed);
    }

    fn figures(&self) -> Value {
        let latencies = self.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        json!({
            "received": self.received.load(Relaxed),
            "p50": latencies.value_at_quantile(0.5),
            "p99": latencies.value_at_quantile(0.99),
        })
    }
}

/// Microseconds since 1970; the load and the sink share the machine's clock.
pub(crate) fn now_micros() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_event_counts_as_late_as_it_was() {
        let tally = Tally::new().unwrap();
        for late in [1_000, 5_000_000, 5_000_000] {
            tally.note(Some(now_micros() - late));
        }
        let figures = tally.figures();
        assert_eq!(figures["received"], 3);
        for quantile in ["p50", "p99"] {
            let micros = figures[quantile].as_u64().unwrap();
            assert!((4_990_000..60_000_000).contains(&micros), "{figures}");
        }
    }
}
