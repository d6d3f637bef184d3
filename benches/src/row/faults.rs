//! What is lost when sinks and disks fail, and what it costs the others.
//!
//! Two servers with the same brokers: `bench` with a trigger that is measured, and `ill` with one whose sink fails
//! on one of the two servers, and one beside it. A sender posts to `ill` all the time, through a kill and a
//! restart in the middle of the fault; what was acknowledged is looked for by id.

use super::contest;
use crate::bench::{Bench, Wanted, median};
use crate::fault::sender::Sender;
use crate::fault::sink::{IllSink, Mood};
use crate::fault::small_disk::SmallDisk;
use crate::measure::{Figures, Load, Sink};
use crate::mesh;
use crate::server::Server;
use rustix::process::Signal;
use serde_json::Value;
use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

const RATE: u64 = 2_000;
/// A sink that hangs must not make the row long.
const FLAGS: [&str; 2] = ["--drain-timeout", "2s"];
const SMALL: usize = 256;
const LARGE: usize = 64 * 1024;
/// Between the steps of a fault.
const A_WHILE: Duration = Duration::from_secs(2);
/// What has not come after this does not come.
const PATIENCE: Duration = Duration::from_secs(60);
const SMALL_DISK: u32 = 64;

/// What goes wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    SinkDown,
    SinkHanging,
    SlowNeighbour,
    DeadLetterSinkDown,
    BudgetUsedUp,
    DiskFull,
}

impl Fault {
    const ALL: [Self; 6] = [
        Self::SinkDown,
        Self::SinkHanging,
        Self::SlowNeighbour,
        Self::DeadLetterSinkDown,
        Self::BudgetUsedUp,
        Self::DiskFull,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::SinkDown => "sink down",
            Self::SinkHanging => "sink hanging",
            Self::SlowNeighbour => "slow neighbour",
            Self::DeadLetterSinkDown => "dead letter sink down",
            Self::BudgetUsedUp => "budget used up",
            Self::DiskFull => "disk full",
        }
    }

    fn fills(self) -> bool {
        matches!(self, Self::BudgetUsedUp | Self::DiskFull)
    }
}

pub(super) fn run(bench: &mut Bench) -> Result<(), crate::Error> {
    Fault::ALL.into_iter().try_for_each(|fault| one(bench, fault))
}

fn one(bench: &mut Bench, fault: Fault) -> Result<(), crate::Error> {
    let mut sink = Sink::start()?;
    let disk = if fault == Fault::DiskFull { Some(SmallDisk::mount(SMALL_DISK)?) } else { None };
    let folder = disk.as_ref().map(|disk| disk.path().to_path_buf());
    let (well, mut ill) =
        (Ward::open(bench, &sink, fault, None)?, Ward::open(bench, &sink, fault, folder.as_deref())?);
    ill.begin()?;
    // On a full disk nobody's events are taken: there is nothing to measure.
    if fault != Fault::DiskFull {
        let load = Load::steady("/default/bench", bench.seconds, RATE);
        let figures = contest(bench, &mut sink, &[(&well.server, load.clone()), (&ill.server, load)])?;
        note(bench, fault, &figures);
    }
    drop(well);
    let lost = ill.survive(bench.sluice.as_deref().ok_or("this row needs sluice")?)?;
    bench.note("faults", &format!("{}: lost", fault.name()), lost as f64, "events", Wanted::AtMost(0.0));
    Ok(())
}

fn note(bench: &mut Bench, fault: Fault, figures: &[Vec<Figures>]) {
    let p99 = |of: &[Figures]| median(of, |f| f.p99 as f64 / 1000.0);
    let (without, with) = (p99(&figures[0]), p99(&figures[1]));
    bench.note("faults", &format!("{}: p99 without", fault.name()), without, "ms", Wanted::Nothing);
    bench.note("faults", &format!("{}: p99 with", fault.name()), with, "ms", Wanted::Nothing);
    bench.note("faults", &format!("{}: p99 ratio", fault.name()), with / without, "x", Wanted::AtMost(2.0));
}

/// A server with its brokers, its sinks and its sender.
struct Ward {
    fault: Fault,
    sender: Sender,
    server: Server,
    ill: IllSink,
    beside: IllSink,
    dead_letters: IllSink,
}

impl Ward {
    fn open(bench: &Bench, sink: &Sink, fault: Fault, folder: Option<&Path>) -> Result<Self, crate::Error> {
        let (ill, beside, dead_letters) = (IllSink::start()?, IllSink::start()?, IllSink::start()?);
        let dead_letter_sink = format!("deadLetterSink: {{uri: \"{}\"}}", dead_letters.uri());
        let trigger = mesh::trigger("ill", "ill", mesh::TYPE, &ill.uri());
        let trigger = match fault {
            Fault::DeadLetterSinkDown => mesh::delivering(&trigger, &["retry: 1", &dead_letter_sink]),
            _ => mesh::delivering(&trigger, &["retry: 1000", "backoffMax: PT2S", "timeout: PT5S"]),
        };
        let budget = if fault == Fault::BudgetUsedUp { "4Mi" } else { "100Gi" };
        let manifests = mesh::broker("bench")
            + &mesh::trigger("measured", "bench", mesh::TYPE, &sink.uri())
            + &mesh::budgeted(&mesh::broker("ill"), budget)
            + &trigger
            + &mesh::trigger("beside", "ill", mesh::TYPE, &beside.uri());
        let binary = bench.sluice.as_deref().ok_or("this row needs sluice")?;
        let server = Server::sluice(binary, folder.unwrap_or(&bench.folder), &manifests, &FLAGS)?;
        let size = if fault.fills() { LARGE } else { SMALL };
        let sender = Sender::start(server.events, "/default/ill", size)?;
        Ok(Self { fault, sender, server, ill, beside, dead_letters })
    }

    /// The fault is there from now on.
    fn begin(&mut self) -> Result<(), crate::Error> {
        match self.fault {
            Fault::SinkDown | Fault::BudgetUsedUp | Fault::DiskFull => self.ill.becomes(Mood::Down)?,
            Fault::SinkHanging => self.ill.becomes(Mood::Hanging)?,
            Fault::SlowNeighbour => self.ill.becomes(Mood::Slow)?,
            Fault::DeadLetterSinkDown => {
                self.ill.becomes(Mood::Refusing)?;
                self.dead_letters.becomes(Mood::Down)?;
            }
        }
        if self.fault.fills() {
            self.wait("a refusal", |ward| ward.sender.refused() > 0)?;
        }
        Ok(())
    }

    /// A kill and a restart in the middle, then the end of the fault; how many acknowledged events did not come.
    fn survive(mut self, binary: &Path) -> Result<usize, crate::Error> {
        for signal in [Signal::KILL, Signal::TERM] {
            self.go_on()?;
            self.server.restart(binary, signal, &FLAGS)?;
            self.sender.follow(self.server.events);
        }
        self.go_on()?;
        if self.fault != Fault::DeadLetterSinkDown {
            self.ill.becomes(Mood::Well)?;
        }
        self.dead_letters.becomes(Mood::Well)?;
        let before = self.sender.count();
        self.wait("events that are taken again", |ward| ward.sender.count() > before)?;
        let Self { sender, server, ill, beside, dead_letters, .. } = self;
        let acknowledged = sender.stop();
        let missing = || -> Result<usize, crate::Error> {
            let mut got = ill.ids();
            got.extend(dead_letters.ids());
            got.extend(kept(binary, &server)?);
            let beside = beside.ids();
            Ok(acknowledged.difference(&got).count() + acknowledged.difference(&beside).count())
        };
        let start = Instant::now();
        while missing()? > 0 && start.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(200));
        }
        eprintln!("  {} events were acknowledged in the middle of it", acknowledged.len());
        missing()
    }

    /// Until more was sent.
    fn go_on(&self) -> Result<(), crate::Error> {
        thread::sleep(A_WHILE);
        let before = (self.sender.count(), self.sender.refused());
        self.wait("more events", |ward| (ward.sender.count(), ward.sender.refused()) != before)
    }

    fn wait(&self, what: &str, mut is: impl FnMut(&Self) -> bool) -> Result<(), crate::Error> {
        let start = Instant::now();
        while !is(self) {
            if start.elapsed() > PATIENCE {
                return Err(format!("waited a minute for {what}").into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

/// The ids of the events that are kept as dead letters.
fn kept(binary: &Path, server: &Server) -> Result<HashSet<u64>, crate::Error> {
    let admin = server.admin.ok_or("sluice has an admin listener")?;
    let listed = Command::new(binary)
        .args(["dlq", "list", "-o", "json", "--limit", "10000", "--server"])
        .arg(format!("http://{admin}"))
        .output()?;
    let letters: Vec<Value> = serde_json::from_slice(&listed.stdout).map_err(|e| {
        format!("dead letters cannot be listed: {e}: {}", String::from_utf8_lossy(&listed.stderr))
    })?;
    Ok(letters.iter().filter_map(|letter| letter["event"]["id"].as_str()?.parse().ok()).collect())
}
