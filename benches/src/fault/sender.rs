//! A sender that goes on whatever the server does, and remembers what was acknowledged.

use crate::shot::{Shape, Shot};
use crate::sink::now_micros;
use crate::wire::Wire;
use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::time::timeout;

/// Between two events.
const PAUSE: Duration = Duration::from_millis(5);
/// An answer that takes longer does not come: the process was killed.
const PATIENCE: Duration = Duration::from_secs(5);

/// One event after the other, on a thread of its own, until it is dropped.
pub(crate) struct Sender {
    shared: Arc<Shared>,
    sending: Option<JoinHandle<()>>,
}

struct Shared {
    server: Mutex<SocketAddr>,
    acknowledged: Mutex<HashSet<u64>>,
    refused: AtomicU64,
    stop: AtomicBool,
}

impl Sender {
    /// Sends events of `size` bytes to `path`.
    pub(crate) fn start(server: SocketAddr, path: &str, size: usize) -> Result<Self, crate::Error> {
        let shared = Arc::new(Shared {
            server: Mutex::new(server),
            acknowledged: Mutex::default(),
            refused: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        });
        let ty = crate::mesh::TYPE.to_owned();
        let shape = Shape { path: path.to_owned(), paths: 1, ty, size, batch: 1 };
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let sent = shared.clone();
        let sending = Some(std::thread::spawn(move || runtime.block_on(send(&sent, &shape))));
        Ok(Self { shared, sending })
    }

    /// The server has another address now.
    pub(crate) fn follow(&self, server: SocketAddr) {
        *lock(&self.shared.server) = server;
    }

    /// How many were acknowledged so far.
    pub(crate) fn count(&self) -> usize {
        lock(&self.shared.acknowledged).len()
    }

    /// How many were answered otherwise so far.
    pub(crate) fn refused(&self) -> u64 {
        self.shared.refused.load(Relaxed)
    }

    /// Ends, with the ids that were acknowledged.
    pub(crate) fn stop(mut self) -> HashSet<u64> {
        self.end();
        std::mem::take(&mut lock(&self.shared.acknowledged))
    }

    fn end(&mut self) {
        self.shared.stop.store(true, Relaxed);
        if let Some(sending) = self.sending.take() {
            // A defect there is seen as events that were never acknowledged.
            let _ = sending.join();
        }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.end();
    }
}

async fn send(shared: &Shared, shape: &Shape) {
    let mut number = 0;
    while !shared.stop.load(Relaxed) {
        let server = *lock(&shared.server);
        // The server is gone, or going: the next connection finds the next one.
        let _ = send_on(shared, shape, server, &mut number).await;
        tokio::time::sleep(PAUSE).await;
    }
}

async fn send_on(shared: &Shared, shape: &Shape, server: SocketAddr, number: &mut u64) -> io::Result<()> {
    let mut wire = Wire::connect(server, None).await?;
    let mut shot = Shot::new(shape, &server.to_string());
    while !shared.stop.load(Relaxed) && *lock(&shared.server) == server {
        let id = *number;
        *number += 1;
        wire.send(shot.stamped(id, now_micros())).await?;
        let answer = timeout(PATIENCE, wire.receive()).await??;
        if answer.ok_or(io::ErrorKind::UnexpectedEof)?.status()? == 202 {
            lock(&shared.acknowledged).insert(id);
        } else {
            shared.refused.fetch_add(1, Relaxed);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
