//! What is measured: a floor, or sluice on a folder of manifests.

use crate::program::{Owned, Role};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Nothing here takes longer to become ready, however slow the machine.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(1);

/// A running server. Dropped, it is killed and its folder deleted.
pub(crate) struct Server {
    pub(crate) pid: u32,
    pub(crate) events: SocketAddr,
    /// From the start of the process until it said that it is ready.
    pub(crate) ready_after: Duration,
    _process: Process,
    folder: TempDir,
}

#[expect(dead_code, reason = "held for its Drop")]
enum Process {
    Floor(Role),
    Sluice(Owned),
}

impl Server {
    /// The floor that keeps nothing.
    pub(crate) fn forward(sink: SocketAddr, parent: &Path) -> Result<Self, crate::Error> {
        Self::floor(&["floor", "--sink", &sink.to_string()], TempDir::new_in(parent)?)
    }

    /// The floor that syncs each event to a file first.
    pub(crate) fn durable(sink: SocketAddr, parent: &Path) -> Result<Self, crate::Error> {
        let folder = TempDir::new_in(parent)?;
        let file = folder.path().join("events");
        let file = file.to_str().ok_or("the folder's name is not UTF-8")?;
        Self::floor(&["floor", "--sink", &sink.to_string(), "--append", file], folder)
    }

    fn floor(arguments: &[&str], folder: TempDir) -> Result<Self, crate::Error> {
        let start = Instant::now();
        let mut role = Role::start(arguments)?;
        let events = role.address()?;
        Ok(Self {
            pid: role.pid(),
            events,
            ready_after: start.elapsed(),
            _process: Process::Floor(role),
            folder,
        })
    }

    /// The real program on these manifests, in a new folder.
    pub(crate) fn sluice(
        binary: &Path,
        parent: &Path,
        manifests: &str,
        flags: &[&str],
    ) -> Result<Self, crate::Error> {
        let folder = TempDir::new_in(parent)?;
        let mesh = folder.path().join("mesh");
        fs::create_dir(&mesh)?;
        fs::write(mesh.join("mesh.yaml"), manifests)?;
        let said = folder.path().join("output");
        let output = File::create(&said)?;
        let start = Instant::now();
        let mut process = Owned::spawn(
            Command::new(binary)
                .args(["run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--log", "warn"])
                .args(flags)
                .arg("--data")
                .arg(folder.path().join("data"))
                .arg(mesh)
                .stdin(Stdio::null())
                .stdout(output.try_clone()?)
                .stderr(output),
        )?;
        let ready = |process: &mut Owned| -> Result<SocketAddr, crate::Error> {
            let events = printed(&said, "listening for events on ", start, process)?;
            let admin = printed(&said, "admin on ", start, process)?;
            wait_until(start, || is_ready(admin).unwrap_or(false))
                .map_err(|_| "sluice is not ready after a minute")?;
            Ok(events)
        };
        let events = ready(&mut process)
            .map_err(|e| format!("{e}; it said:\n{}", fs::read_to_string(&said).unwrap_or_default()))?;
        Ok(Self {
            pid: process.pid(),
            events,
            ready_after: start.elapsed(),
            _process: Process::Sluice(process),
            folder,
        })
    }

    /// Where sluice keeps its events.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

/// The address behind `word` in what the program has printed so far, as soon as it is there.
fn printed(said: &Path, word: &str, start: Instant, process: &mut Owned) -> Result<SocketAddr, crate::Error> {
    loop {
        let text = fs::read_to_string(said)?;
        // Only whole lines: the last one may still be in the making.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        if let Some((_, rest)) = whole.split_once(word) {
            let rest = rest.trim_start_matches("https://").trim_start_matches("http://");
            let end = rest.find(|c: char| !c.is_ascii_digit() && !".:".contains(c)).unwrap_or(rest.len());
            return Ok(rest[..end].parse()?);
        }
        if process.ended() {
            return Err("sluice ended at once".into());
        }
        if start.elapsed() > PATIENCE {
            return Err(format!("sluice does not print `{word}`").into());
        }
        thread::sleep(POLL);
    }
}

fn is_ready(admin: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(admin)?;
    write!(stream, "GET /readyz HTTP/1.1\r\nhost: {admin}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200"))
}

/// Asks again until it is true; an error after a minute since `start`.
fn wait_until(start: Instant, mut is: impl FnMut() -> bool) -> Result<(), crate::Error> {
    while !is() {
        if start.elapsed() > PATIENCE {
            return Err("it did not happen within a minute".into());
        }
        thread::sleep(POLL);
    }
    Ok(())
}
