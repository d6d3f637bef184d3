//! What is measured: a floor, or sluice on a folder of manifests.

use crate::program::{Owned, Role};
use rustix::process::Signal;
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
    /// Of sluice.
    pub(crate) admin: Option<SocketAddr>,
    pub(crate) ready_after: Duration,
    process: Process,
    folder: TempDir,
}

/// Held for its Drop, or to be restarted.
enum Process {
    Floor { _role: Role },
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
            admin: None,
            ready_after: start.elapsed(),
            process: Process::Floor { _role: role },
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
        let start = Instant::now();
        let (process, events, admin) = launch(binary, folder.path(), flags)?;
        Ok(Self {
            pid: process.pid(),
            events,
            admin: Some(admin),
            ready_after: start.elapsed(),
            process: Process::Sluice(process),
            folder,
        })
    }

    /// Ends the process with this signal and starts it again on the same folder.
    pub(crate) fn restart(
        &mut self,
        binary: &Path,
        signal: Signal,
        flags: &[&str],
    ) -> Result<(), crate::Error> {
        let Process::Sluice(process) = &mut self.process else {
            return Err("a floor is not restarted".into());
        };
        process.end(signal)?;
        let (process, events, admin) = launch(binary, self.folder.path(), flags)?;
        (self.pid, self.events, self.admin) = (process.pid(), events, Some(admin));
        self.process = Process::Sluice(process);
        Ok(())
    }

    /// Where sluice keeps its events.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

/// Starts the real program on a folder, once it has said its addresses and is ready: events, admin.
fn launch(
    binary: &Path,
    folder: &Path,
    flags: &[&str],
) -> Result<(Owned, SocketAddr, SocketAddr), crate::Error> {
    let said = folder.join("output");
    let output = File::create(&said)?;
    let start = Instant::now();
    let mut process = Owned::spawn(
        Command::new(binary)
            .args(["run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--log", "warn"])
            .args(flags)
            .arg("--data")
            .arg(folder.join("data"))
            .arg(folder.join("mesh"))
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output),
    )?;
    let mut addresses = || -> Result<_, crate::Error> {
        let events = printed(&said, "listening for events on ", start, &mut process)?;
        let admin = printed(&said, "admin on ", start, &mut process)?;
        wait_until(start, || is_ready(admin).unwrap_or(false))
            .map_err(|_| "sluice is not ready after a minute")?;
        Ok((events, admin))
    };
    let (events, admin) = addresses()
        .map_err(|e| format!("{e}; it said:\n{}", fs::read_to_string(&said).unwrap_or_default()))?;
    Ok((process, events, admin))
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
