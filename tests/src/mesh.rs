//! One `sluice run` with folders of its own.

use crate::client::{Answer, Client};
use crate::program::{self, Finished, command};
use crate::wait::{until, value};
use crate::{DEADLINE, Identity, Message};
use rustix::process::{Pid, Signal, kill_process};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::time::timeout;

/// A folder of manifests, a data folder, and the process between them, which can be ended and started again.
#[derive(Debug)]
pub struct Mesh {
    folder: TempDir,
    args: Vec<String>,
    running: Option<Running>,
    client: Client,
}

#[derive(Debug)]
struct Running {
    process: Child,
    events: String,
    admin: String,
    said: Lines,
}

/// What the process said, on both outputs.
#[derive(Clone, Debug, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Mesh {
    /// Nothing declared, nothing started.
    ///
    /// # Panics
    /// When there is no place for temporary folders.
    #[must_use]
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("manifests")).expect("a folder in it");
        Self { folder, args: Vec::new(), running: None, client: Client::default() }
    }

    /// Starts it on these manifests.
    pub async fn with(manifests: &[String]) -> Self {
        let mut mesh = Self::new();
        mesh.write("mesh.yaml", &manifests.concat());
        mesh.start().await;
        mesh
    }

    /// Adds flags for the next start.
    pub fn flags(&mut self, flags: &[&str]) {
        self.args.extend(flags.iter().map(ToString::to_string));
    }

    /// Has it speak HTTPS with this certificate, which lies in the folder as `tls.crt` and `tls.key`.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn secure(&mut self, identity: &Identity) {
        std::fs::write(self.folder().join("tls.crt"), &identity.chain).expect("a certificate");
        std::fs::write(self.folder().join("tls.key"), &identity.key).expect("a key");
        self.flags(&["--tls-cert", "tls.crt", "--tls-key", "tls.key"]);
    }

    /// The folder that holds both.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where a manifest lies.
    #[must_use]
    pub fn manifest(&self, name: &str) -> PathBuf {
        self.folder.path().join("manifests").join(name)
    }

    /// Writes a manifest as editors do: beside it, then over it.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, yaml: &str) {
        let draft = self.folder.path().join("draft");
        std::fs::write(&draft, yaml)
            .and_then(|()| std::fs::rename(&draft, self.manifest(name)))
            .expect("a manifest");
    }

    /// Removes a manifest.
    ///
    /// # Panics
    /// When it is not there.
    pub fn remove(&self, name: &str) {
        std::fs::remove_file(self.manifest(name)).expect("a manifest that is there");
    }

    /// Starts the process and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready in time.
    pub async fn start(&mut self) {
        self.launch().await;
        let ready = self.admin("/readyz");
        until("ready", async || self.client.get(&ready).await.is_some_and(|answer| answer.status == 200))
            .await;
    }

    /// Starts the process and waits until it says its addresses.
    ///
    /// # Panics
    /// When it does not say them in time.
    pub async fn launch(&mut self) {
        assert!(self.running.is_none(), "it runs already");
        let mut run = command(self.folder.path());
        run.args(["run", "manifests", "--data", "data", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
        let mut process = run.args(&self.args).spawn().expect("sluice starts");
        let said = Lines::default();
        said.follow(process.stdout.take().expect("a pipe"));
        said.follow(process.stderr.take().expect("a pipe"));
        let address = async |title: &str| {
            value(title, async || said.find(title).map(|line| line.trim_start_matches(title).to_owned()))
                .await
        };
        let (events, admin) = tokio::join!(address("listening for events on "), address("admin on "));
        self.running = Some(Running { process, events, admin, said });
    }

    /// Kills the process as a crash would.
    ///
    /// # Panics
    /// When it does not run.
    pub async fn kill(&mut self) {
        let mut running = self.running.take().expect("it runs");
        running.process.kill().await.expect("it can be killed");
    }

    /// Asks the process to end (SIGTERM).
    ///
    /// # Panics
    /// When it does not run.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Asks the process to read its manifests (SIGHUP).
    ///
    /// # Panics
    /// When it does not run.
    pub fn hang_up(&self) {
        self.signal(Signal::HUP);
    }

    /// Waits for the end of a process that was asked to end.
    ///
    /// # Panics
    /// When it does not end in time.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut running = self.running.take().expect("it runs");
        timeout(DEADLINE, running.process.wait()).await.expect("it ends").expect("it can be waited for")
    }

    /// Ends the process in order.
    ///
    /// # Panics
    /// When it does not end well and in time.
    pub async fn stop(&mut self) {
        self.terminate();
        let status = self.ended().await;
        assert!(status.success(), "{status}");
    }

    /// The process's id.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.running().process.id().expect("it has not ended")
    }

    /// A URL of the event listener.
    #[must_use]
    pub fn events(&self, path: &str) -> String {
        format!("{}{path}", self.running().events)
    }

    /// A URL of the admin listener.
    #[must_use]
    pub fn admin(&self, path: &str) -> String {
        format!("{}{path}", self.running().admin)
    }

    /// Posts a message.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn post(&self, path: &str, message: Message) -> Answer {
        self.client.post(&self.events(path), message).await.expect("an answer")
    }

    /// Posts events that must be accepted.
    ///
    /// # Panics
    /// When one is not.
    pub async fn accept(&self, path: &str, messages: impl IntoIterator<Item = Message>) {
        for message in messages {
            let answer = self.post(path, message).await;
            assert_eq!(answer.status, 202, "{}", String::from_utf8_lossy(&answer.body));
        }
    }

    /// Runs a command that talks to this process.
    pub async fn cli(&self, args: &[&str]) -> Finished {
        let server = self.admin("");
        program::run(self.folder.path(), &[args, &["--server", &server]].concat()).await
    }

    /// The dead letters, as `sluice dlq list -o json` shows them.
    ///
    /// # Panics
    /// When that is no list.
    pub async fn dead_letters(&self) -> Vec<serde_json::Value> {
        let listed = self.cli(&["dlq", "list", "-o", "json"]).await.done();
        serde_json::from_str(&listed.out).unwrap_or_else(|error| panic!("{error} in {listed:?}"))
    }

    /// The value of a metric, named with its labels; 0 when it is not there.
    pub async fn metric(&self, name: &str) -> f64 {
        let page =
            self.client.get(&self.admin("/metrics")).await.map(|answer| answer.body).unwrap_or_default();
        let page = String::from_utf8_lossy(&page).into_owned();
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.split(' ').next()?.parse().ok()).unwrap_or_default()
    }

    /// A line that the process said and that contains this.
    #[must_use]
    pub fn said(&self, part: &str) -> Option<String> {
        self.running().said.find(part)
    }

    /// How many lines that contain this the process said.
    #[must_use]
    pub fn lines(&self, part: &str) -> usize {
        self.running().said.count(part)
    }

    /// The client, for requests of other kinds.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("it runs")
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, signal).expect("a signal can be sent");
    }
}

impl Default for Mesh {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- sluice said:\n{}\n---", self.said.lock().join("\n"));
        }
    }
}

impl Lines {
    fn follow(&self, output: impl AsyncRead + Unpin + Send + 'static) {
        let said = self.clone();
        // Ends with the process.
        tokio::spawn(async move {
            let mut lines = BufReader::new(output).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                said.lock().push(line);
            }
        });
    }

    fn find(&self, part: &str) -> Option<String> {
        self.lock().iter().find(|line| line.contains(part)).cloned()
    }

    fn count(&self, part: &str) -> usize {
        self.lock().iter().filter(|line| line.contains(part)).count()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
