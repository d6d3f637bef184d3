//! A sink that fails on demand and remembers the ids of what it took.

use crate::wire::Wire;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// What it does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Takes it.
    Well,
    /// Takes it, a second later.
    Slow,
    /// Never answers.
    Hanging,
    /// Refuses it for good.
    Refusing,
    /// Does not listen.
    Down,
}

/// In this process, on a thread of its own: the few events of this row cost little.
pub(crate) struct IllSink {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    runtime: Runtime,
    listening: Option<JoinHandle<()>>,
}

struct Shared {
    mood: Mutex<Mood>,
    ids: Mutex<HashSet<u64>>,
}

const SLOW: Duration = Duration::from_secs(1);

impl IllSink {
    pub(crate) fn start() -> Result<Self, crate::Error> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { mood: Mutex::new(Mood::Well), ids: Mutex::default() });
        let listening = Some(runtime.spawn(accept(listener, shared.clone())));
        Ok(Self { address, shared, runtime, listening })
    }

    pub(crate) fn uri(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// From now on it does this. Requests that hang are cut off.
    pub(crate) fn becomes(&mut self, mood: Mood) -> Result<(), crate::Error> {
        *lock(&self.shared.mood) = mood;
        if let Some(listening) = self.listening.take() {
            listening.abort();
            // Its end is awaited so that the port is free.
            let _ = self.runtime.block_on(listening);
        }
        if mood != Mood::Down {
            let listener = self.runtime.block_on(TcpListener::bind(self.address))?;
            self.listening = Some(self.runtime.spawn(accept(listener, self.shared.clone())));
        }
        Ok(())
    }

    /// The ids of what it took so far.
    pub(crate) fn ids(&self) -> HashSet<u64> {
        lock(&self.shared.ids).clone()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Dropped with this task: the connections end when it does.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = shared.clone();
        connections.spawn(async move { drop(serve(stream, &shared).await) });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut wire = Wire::new(stream)?;
    while let Some(head) = wire.receive().await? {
        let id = head.number(b"ce-id");
        let mood = *lock(&shared.mood);
        let status = match mood {
            Mood::Well => "202 Accepted",
            Mood::Refusing => "400 Bad Request",
            Mood::Hanging | Mood::Down => return std::future::pending().await,
            Mood::Slow => {
                tokio::time::sleep(SLOW).await;
                "202 Accepted"
            }
        };
        if mood != Mood::Refusing {
            lock(&shared.ids).extend(id);
        }
        wire.send(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes()).await?;
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
