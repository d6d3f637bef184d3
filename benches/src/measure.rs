//! One measurement: a load on a server until its sink has got everything.

use crate::proc;
use crate::program::Role;
use crate::server::Server;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

/// An event that has not come after such a silence does not come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A sink that answers 202, in a process of its own.
pub(crate) struct Sink {
    role: Role,
    pub(crate) address: SocketAddr,
}

/// A load: the target's path, how fast, how long.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) path: String,
    pub(crate) paths: u64,
    pub(crate) batch: u64,
    pub(crate) connections: u64,
    /// Requests a second; 0: as fast as they are answered.
    pub(crate) rate: u64,
    pub(crate) until: Until,
    pub(crate) ty: &'static str,
    /// HTTPS, with the certificate in this file.
    pub(crate) trust: Option<PathBuf>,
}

/// When a load ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    Seconds(f64),
    Requests(u64),
}

/// What a measurement found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    pub(crate) delivered: u64,
    /// Until the last delivery.
    pub(crate) seconds: f64,
    /// CPU of the server, the load and the sink, in seconds.
    pub(crate) server_cpu: f64,
    pub(crate) load_cpu: f64,
    pub(crate) sink_cpu: f64,
    /// Microseconds from due to delivered.
    pub(crate) p50: u64,
    pub(crate) p99: u64,
}

impl Figures {
    /// CPU of the server per delivered event, in microseconds.
    pub(crate) fn cpu_per_delivered(&self) -> f64 {
        self.server_cpu * 1e6 / self.delivered.max(1) as f64
    }

    /// Events accepted per second of the server's CPU.
    pub(crate) fn accepted_per_cpu_second(&self) -> f64 {
        self.accepted as f64 / self.server_cpu.max(0.001)
    }

    /// Deliveries a second, the drain after the last answer included.
    pub(crate) fn rate(&self) -> f64 {
        self.delivered as f64 / self.seconds.max(0.001)
    }
}

impl Load {
    /// Single events as fast as they are answered.
    pub(crate) fn saturating(path: &str, seconds: f64) -> Self {
        Self {
            path: path.to_owned(),
            paths: 1,
            batch: 1,
            connections: 32,
            rate: 0,
            until: Until::Seconds(seconds),
            ty: crate::mesh::TYPE,
            trust: None,
        }
    }

    /// Single events at a fixed rate.
    pub(crate) fn steady(path: &str, seconds: f64, rate: u64) -> Self {
        Self { rate, ..Self::saturating(path, seconds) }
    }

    /// Sends it and waits for the last answer.
    pub(crate) fn run(&self, target: SocketAddr) -> Result<Value, crate::Error> {
        let (end, value) = match self.until {
            Until::Seconds(seconds) => ("--seconds", seconds.to_string()),
            Until::Requests(requests) => ("--requests", requests.to_string()),
        };
        let trust = match &self.trust {
            None => Vec::new(),
            Some(file) => vec!["--trust", file.to_str().ok_or("the file's name is not UTF-8")?],
        };
        #[rustfmt::skip]
        let mut load = Role::start(&[&[
            "load", "--target", &target.to_string(), "--path", &self.path, "--paths", &self.paths.to_string(),
            "--batch", &self.batch.to_string(), "--connections", &self.connections.to_string(),
            "--rate", &self.rate.to_string(), "--ty", self.ty, end, &value,
        ][..], &trust].concat())?;
        load.answer()
    }
}

impl Sink {
    pub(crate) fn start() -> Result<Self, crate::Error> {
        Self::start_on("127.0.0.1:0")
    }

    pub(crate) fn start_on(listen: &str) -> Result<Self, crate::Error> {
        let mut role = Role::start(&["sink", "--listen", listen])?;
        let address = role.address()?;
        Ok(Self { role, address })
    }

    pub(crate) fn uri(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(crate) fn received(&mut self) -> Result<u64, crate::Error> {
        number(&self.role.ask("stats")?, "received")
    }

    /// Waits until so many events are here, or no more come for `patience`; the moment of the last one.
    pub(crate) fn wait_for(&mut self, events: u64, patience: Duration) -> Result<Instant, crate::Error> {
        let (mut seen, mut last) = (0, Instant::now());
        loop {
            let received = self.received()?;
            if received > seen {
                (seen, last) = (received, Instant::now());
            }
            if received >= events || last.elapsed() > patience {
                return Ok(last);
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Puts the load on the server and waits until `copies` deliveries of each accepted event are here.
    pub(crate) fn measure(
        &mut self,
        server: &Server,
        load: &Load,
        copies: u64,
    ) -> Result<Figures, crate::Error> {
        self.role.ask("reset")?;
        let (server_before, sink_before) = (proc::cpu(server.pid)?, proc::cpu(self.role.pid())?);
        let start = Instant::now();
        let sent = load.run(server.events)?;
        let accepted = number(&sent, "accepted")?;
        let last = self.wait_for(accepted * copies, PATIENCE)?;
        let (server_after, sink_after) = (proc::cpu(server.pid)?, proc::cpu(self.role.pid())?);
        let got = self.role.ask("stats")?;
        Ok(Figures {
            accepted,
            refused: number(&sent, "refused")?,
            delivered: number(&got, "received")?,
            seconds: (last - start).as_secs_f64(),
            server_cpu: (server_after - server_before).as_secs_f64(),
            load_cpu: sent["cpu"].as_f64().unwrap_or_default(),
            sink_cpu: (sink_after - sink_before).as_secs_f64(),
            p50: number(&got, "p50")?,
            p99: number(&got, "p99")?,
        })
    }
}

fn number(value: &Value, field: &str) -> Result<u64, crate::Error> {
    value[field].as_u64().ok_or_else(|| format!("no `{field}` in the figures").into())
}
