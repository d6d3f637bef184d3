//! Child processes: the floors, the sink and the load are this same binary in another role, sluice is the real one.
//! Each role is a process of its own, so that its CPU can be told apart.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The children, for [`stop_all_on_signal`].
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());
static STOPPING: AtomicBool = AtomicBool::new(false);
/// Rows whose children are gone end within this, and their folders with them.
const GRACE: Duration = Duration::from_secs(2);

/// A child that is killed when this is dropped.
pub(crate) struct Owned(Child);

impl Owned {
    pub(crate) fn spawn(command: &mut Command) -> Result<Self, crate::Error> {
        let program = command.get_program().to_string_lossy().into_owned();
        if STOPPING.load(Relaxed) {
            return Err("told to stop".into());
        }
        let child = command.spawn().map_err(|e| format!("`{program}` does not start: {e}"))?;
        running().push(child.id());
        Ok(Self(child))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Sends a signal and waits for the end.
    pub(crate) fn end(&mut self, signal: Signal) -> Result<(), crate::Error> {
        let pid = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw).ok_or("no process id")?;
        kill_process(pid, signal)?;
        self.0.wait()?;
        Ok(())
    }

    /// True when it ended by itself.
    pub(crate) fn ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
        running().retain(|&pid| pid != self.0.id());
    }
}

fn running() -> std::sync::MutexGuard<'static, Vec<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the children when we are told to end (SIGINT, SIGTERM), and starts no others.
pub(crate) fn stop_all_on_signal() -> Result<(), crate::Error> {
    use tokio::signal::unix::{SignalKind, signal};

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || {
        let told = runtime.block_on(async {
            let mut terminate = signal(SignalKind::terminate())?;
            tokio::select! {
                _ = terminate.recv() => Ok(()),
                told = tokio::signal::ctrl_c() => told,
            }
        });
        if told.is_ok() {
            STOPPING.store(true, Relaxed);
            for pid in running().iter().filter_map(|&pid| Pid::from_raw(pid as i32)) {
                // It may have ended already.
                let _ = kill_process(pid, Signal::KILL);
            }
            std::thread::sleep(GRACE);
            std::process::exit(130);
        }
    });
    Ok(())
}

/// This binary in another role. It ends when its standard input does.
pub(crate) struct Role {
    name: String,
    child: Owned,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Role {
    pub(crate) fn start(arguments: &[&str]) -> Result<Self, crate::Error> {
        let name = arguments.first().copied().unwrap_or_default().to_owned();
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = Owned::spawn(&mut command)?;
        let input = child.0.stdin.take().ok_or("no pipe")?;
        let output = BufReader::new(child.0.stdout.take().ok_or("no pipe")?);
        Ok(Self { name, child, input, output })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// The address in its first line.
    pub(crate) fn address(&mut self) -> Result<SocketAddr, crate::Error> {
        let line = self.line()?;
        let address = line.trim().strip_prefix("listening on http://").ok_or("it printed no address")?;
        Ok(address.parse()?)
    }

    /// Sends a line and reads the answer.
    pub(crate) fn ask(&mut self, line: &str) -> Result<Value, crate::Error> {
        writeln!(self.input, "{line}")?;
        self.answer()
    }

    /// The next line as JSON.
    pub(crate) fn answer(&mut self) -> Result<Value, crate::Error> {
        Ok(serde_json::from_str(&self.line()?)?)
    }

    fn line(&mut self) -> Result<String, crate::Error> {
        let mut line = String::new();
        match self.output.read_line(&mut line)? {
            0 => Err(format!("`{}` ended early; what it said is above", self.name).into()),
            _ => Ok(line),
        }
    }
}
