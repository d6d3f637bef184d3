//! HTTP/1.1 to sinks, over connections that are kept.
//!
//! A connection has no task of its own: whoever sends a request on it also reads and writes it, and an idle
//! one is only memory. That is cheaper than a spawned task per connection (no wake-up from task to task), and
//! a request that is given up takes its connection with it. Redirects are not followed, proxies not used, and
//! HTTP/1.1 is all that is spoken: every sink knows it, and one slow answer never blocks another one.

mod body;
mod host;
mod line;
mod tls;

pub(crate) use body::Body;
pub(crate) use host::{Address, Host};
pub use tls::CaBundleError;
pub(crate) use tls::Trust;

use crate::lock;
use http::{HeaderMap, StatusCode};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Bounds of all outgoing connections of one dispatcher.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Open connections in all, idle ones included.
    pub(crate) open: usize,
    /// Requests at the same time to one host.
    pub(crate) per_host: usize,
    /// Connections kept idle for one host.
    pub(crate) idle_per_host: usize,
    /// An idle connection is closed after this.
    pub(crate) idle: Duration,
    /// Limit of name look-up and TCP connect together.
    pub(crate) connect: Duration,
}

/// Every host that a sink lives on. A host goes when the last trigger that names it goes.
pub(crate) struct Pool {
    hosts: Mutex<HashMap<Address, Weak<Host>>>,
    trust: Trust,
    bounds: Bounds,
    open: Arc<Semaphore>,
}

/// What a sink said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SendError {
    /// Nobody answered at all: unknown host, refused, no route, connect timeout.
    #[error("{0}")]
    Unreachable(String),
    /// Connected, but the answer was not complete in time.
    #[error("no complete answer within {0:?}")]
    Timeout(Duration),
    /// No connection became free in time; nothing was sent.
    #[error("every connection to the host stayed busy")]
    Busy,
    /// No secure connection.
    #[error("{0}")]
    Tls(String),
    /// The connection ended, or said something that is not HTTP, before the head of the answer was complete.
    #[error("the connection broke before an answer: {0}")]
    Broken(String),
}

impl Pool {
    pub(crate) fn new(trust: Trust, bounds: Bounds) -> Arc<Self> {
        let open = Arc::new(Semaphore::new(bounds.open));
        Arc::new(Self { hosts: Mutex::default(), trust, bounds, open })
    }

    /// The host at `address`, shared by all triggers that name it with the same roots.
    pub(crate) fn host(self: &Arc<Self>, address: &Address) -> Arc<Host> {
        let mut hosts = lock(&self.hosts);
        if let Some(host) = hosts.get(address).and_then(Weak::upgrade) {
            return host;
        }
        hosts.retain(|_, host| host.strong_count() > 0);
        let host = Arc::new(Host::new(self.clone(), address.clone()));
        hosts.insert(address.clone(), Arc::downgrade(&host));
        host
    }

    /// Closes connections that have been idle for too long, or that the other side has closed.
    pub(crate) fn sweep(&self) {
        for host in self.all() {
            host.sweep();
        }
    }

    /// Closes every idle connection: somebody needs the room.
    fn make_room(&self) {
        for host in self.all() {
            host.close_idle();
        }
    }

    fn all(&self) -> Vec<Arc<Host>> {
        lock(&self.hosts).values().filter_map(Weak::upgrade).collect()
    }
}
