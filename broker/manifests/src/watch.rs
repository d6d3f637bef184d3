//! Keeps an eye on the files.

use crate::files::{Files, Fingerprint, LoadError, is_manifest, require_objects};
use crate::last_good::{LastGood, absolute};
use crate::{Declared, files};
use crds::{Admission, Object, Problem, Severity};
use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// A change is taken up when nothing has happened for so long: editors write in steps.
const QUIET: Duration = Duration::from_millis(50);
/// However busy the folder is, a change is taken up after so long.
const PATIENCE: Duration = Duration::from_millis(400);
/// How often the files are looked at without being told: not every file system tells.
const POLL: Duration = Duration::from_secs(1);
/// Hints that wait to be taken up. One is enough: all of them mean the same.
const HINTS: usize = 16;

/// The paths, read again on every change by a thread of its own. Dropped, the thread ends.
#[derive(Debug)]
pub struct Watch {
    declared: watch::Receiver<Arc<Declared>>,
    hints: SyncSender<Hint>,
    thread: Option<JoinHandle<()>>,
}

/// Why the thread should wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hint {
    Changed,
    Stop,
}

impl Watch {
    /// Reads the paths, then watches them. With a store the last good versions are those of the run before, too.
    /// Blocks until everything is read.
    ///
    /// # Errors
    /// When a path cannot be read, or there is no object of a known kind, now or before.
    pub fn start(paths: &[PathBuf], store: Option<LastGood>) -> Result<Self, LoadError> {
        let (hints, inbox) = mpsc::sync_channel(HINTS);
        let mut files = Files::new(paths);
        // Watched before they are read: a change in between is not missed.
        let watcher = watcher(paths, hints.clone());
        let fingerprint = files.fingerprint();
        let reading = files.read_all()?;
        let (store, admission, problem) = recall(paths, store);
        let mut keeper = Keeper { files, fingerprint, admission, store, watcher };
        let mut declared = keeper.take_in(reading);
        declared.index.problems.extend(problem);
        declared.index = require_objects(paths, declared.index)?;
        let (sender, receiver) = watch::channel(Arc::new(declared));
        let thread = std::thread::Builder::new().name("manifests".to_owned());
        let thread = thread.spawn(move || keeper.run(&inbox, &sender)).map_err(LoadError::NoThread)?;
        Ok(Self { declared: receiver, hints, thread: Some(thread) })
    }

    /// What is declared at the moment.
    #[must_use]
    pub fn current(&self) -> Arc<Declared> {
        self.declared.borrow().clone()
    }

    /// Waits until something else is declared, or other problems are found; `None`: the thread has ended.
    /// Cancel safe.
    pub async fn changed(&mut self) -> Option<Arc<Declared>> {
        self.declared.changed().await.ok()?;
        Some(self.declared.borrow_and_update().clone())
    }

    /// Reads everything again without being told by the file system (`SIGHUP`).
    pub fn reload(&self) {
        // Full means that the thread is about to do it anyway.
        let _ = self.hints.try_send(Hint::Changed);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // An error means that the thread has ended already.
        let _ = self.hints.send(Hint::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The last good versions, with their files named as the paths of this run name them.
fn recall(paths: &[PathBuf], store: Option<LastGood>) -> (Option<LastGood>, Admission, Option<Problem>) {
    let Some(mut store) = store else { return (None, Admission::default(), None) };
    let objects = store.take_objects().into_iter().map(|object| rename(paths, object));
    let admission = Admission::new(objects);
    let damage = store.take_damage();
    let problem = damage.map(|why| Problem::of_file(&store.path(), None, Severity::Warning, why));
    (Some(store), admission, problem)
}

fn rename(paths: &[PathBuf], mut object: Object) -> Object {
    let file = object.origin.file.as_deref();
    let name = paths.iter().find_map(|path| match file?.strip_prefix(absolute(path)).ok()? {
        rest if rest.as_os_str().is_empty() => Some(path.clone()),
        rest => Some(path.join(rest)),
    });
    if name.is_some() {
        object.origin.file = name;
    }
    object
}

/// What the thread owns.
struct Keeper {
    files: Files,
    fingerprint: Fingerprint,
    admission: Admission,
    store: Option<LastGood>,
    /// `None` where the system cannot watch; the poll is left.
    watcher: Option<RecommendedWatcher>,
}

impl Keeper {
    fn run(mut self, inbox: &Receiver<Hint>, declared: &watch::Sender<Arc<Declared>>) {
        loop {
            match inbox.recv_timeout(POLL) {
                Ok(Hint::Changed) => {
                    if wait_for_quiet(inbox) == Hint::Stop {
                        return;
                    }
                }
                Ok(Hint::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) if self.files.fingerprint() == self.fingerprint => continue,
                Err(RecvTimeoutError::Timeout) => {}
            }
            let next = self.reload();
            declared.send_if_modified(|current| {
                let changed = **current != next;
                if changed {
                    *current = Arc::new(next);
                }
                changed
            });
        }
    }

    fn reload(&mut self) -> Declared {
        if let Some(watcher) = &mut self.watcher {
            // A folder that was removed and made again is another one to the system.
            watch_all(watcher, self.files.roots());
        }
        self.fingerprint = self.files.fingerprint();
        let reading = self.files.read();
        self.take_in(reading)
    }

    /// What is in force is durable before anybody hears of it.
    fn take_in(&mut self, reading: files::Reading) -> Declared {
        let mut index = self.admission.admit(reading.declaration);
        if let Some(store) = &mut self.store
            && let Err(error) = store.save(self.admission.last_good())
        {
            let message =
                format!("the last good versions could not be saved, a restart may not know them: {error}");
            tracing::error!(path = %store.path().display(), %error, "last good manifests could not be saved");
            index.problems.push(Problem::of_file(&store.path(), None, Severity::Warning, message));
        }
        Declared { index, files: reading.files }
    }
}

/// Waits until the writers have finished, but not for ever.
fn wait_for_quiet(inbox: &Receiver<Hint>) -> Hint {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match inbox.recv_timeout(QUIET.min(left)) {
            Ok(Hint::Changed) if !left.is_zero() => {}
            Ok(Hint::Changed) | Err(RecvTimeoutError::Timeout) => return Hint::Changed,
            Ok(Hint::Stop) | Err(RecvTimeoutError::Disconnected) => return Hint::Stop,
        }
    }
}

fn watcher(paths: &[PathBuf], hints: SyncSender<Hint>) -> Option<RecommendedWatcher> {
    let roots = paths.to_vec();
    let made = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.map_or(true, |event| event.need_rescan() || is_about_manifests(&event, &roots)) {
            // Full means that a hint waits already.
            let _ = hints.try_send(Hint::Changed);
        }
    });
    match made {
        Ok(mut watcher) => {
            watch_all(&mut watcher, paths);
            Some(watcher)
        }
        Err(error) => {
            tracing::warn!(%error, "the system cannot watch the manifests, they are looked at every second");
            None
        }
    }
}

/// Watches each folder, and of each file the folder that holds it: editors replace files.
fn watch_all(watcher: &mut RecommendedWatcher, paths: &[PathBuf]) {
    for path in paths {
        let folder = if path.is_dir() { path.as_path() } else { parent(path) };
        if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
            tracing::debug!(folder = %folder.display(), %error, "not watched, looked at every second");
        }
    }
}

fn parent(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Reading is no change, and what else lies in the folder does not matter. Mounted ConfigMaps are swapped by the
/// link `..data`.
fn is_about_manifests(event: &notify::Event, roots: &[PathBuf]) -> bool {
    let is_change = match event.kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        _ => true,
    };
    let matters = |path: &PathBuf| {
        let swapped = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".."));
        swapped || is_manifest(path) || roots.iter().any(|root| path.ends_with(root))
    };
    is_change && (event.paths.is_empty() || event.paths.iter().any(matters))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crds::Origin;

    #[test]
    fn files_of_the_run_before_are_named_as_the_paths_of_this_run() {
        let value = serde_json::json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}});
        let renamed = |path: &str, file: &Path| {
            let origin = Origin { file: Some(file.to_path_buf()), ..Origin::default() };
            let object = Object::new(value.clone(), origin).unwrap();
            rename(&[PathBuf::from("elsewhere"), PathBuf::from(path)], object).origin.file.unwrap()
        };
        let here = std::env::current_dir().unwrap();
        assert_eq!(renamed("mesh", &here.join("mesh/a.yaml")), Path::new("mesh/a.yaml"));
        assert_eq!(renamed("mesh/a.yaml", &here.join("mesh/a.yaml")), Path::new("mesh/a.yaml"));
        assert_eq!(renamed(".", &here.join("a.yaml")), Path::new("./a.yaml"));
        assert_eq!(renamed("mesh", Path::new("/gone/a.yaml")), Path::new("/gone/a.yaml"));
    }

    #[test]
    fn reading_is_no_change_and_other_files_do_not_matter() {
        let about = |kind, path: &str| {
            let event = notify::Event::new(kind).add_path(PathBuf::from(path));
            is_about_manifests(&event, &[PathBuf::from("/m"), PathBuf::from("/x/odd.conf")])
        };
        let write = EventKind::Access(AccessKind::Close(AccessMode::Write));
        let read = EventKind::Access(AccessKind::Close(AccessMode::Read));
        for path in ["/m/a.yaml", "/m/..data", "/m", "/x/odd.conf"] {
            assert!(about(write, path) && about(EventKind::Any, path) && !about(read, path), "{path}");
        }
        for path in ["/m/a.log", "/m/.a.yaml.swp", "/x/other.conf"] {
            assert!(!about(write, path), "{path}");
        }
    }
}
