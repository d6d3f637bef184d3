//! The files behind the given paths.

use crate::document::{self, Contents};
use crds::{Declaration, Index, Problem, Severity};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A larger file is not read.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;
/// What a folder holds beyond that is not read.
const MAX_FILES: usize = 10_000;

/// Why there is nothing to start with. A matter of configuration: exit code 64.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A path does not exist.
    #[error("there is no file or folder `{}`: name the folder with your manifests", .0.display())]
    NoSuchPath(PathBuf),
    /// A path exists and cannot be read.
    #[error("`{}` cannot be read: {source}", path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The thread that watches could not be started.
    #[error("the manifests cannot be watched: {0}")]
    NoThread(io::Error),
    /// No object of a known kind in any of the paths.
    #[error("nothing usable in {}: {}", list(paths), why_nothing(problems))]
    NothingUsable {
        /// The paths.
        paths: Vec<PathBuf>,
        /// What is wrong with the files; empty when there are none.
        problems: Vec<Problem>,
    },
}

fn list(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
    names.join(", ")
}

fn why_nothing(problems: &[Problem]) -> String {
    match problems {
        [] => "no Broker, Channel, Trigger or other object that is understood (sub folders are not read)"
            .to_owned(),
        [one] => one.to_string(),
        [first, others @ ..] => format!("{first} (and {} more: `sluice check` says which)", others.len()),
    }
}

/// An index without a single object is no configuration.
pub(crate) fn require_objects(paths: &[PathBuf], index: Index) -> Result<Index, LoadError> {
    if index.objects().next().is_some() {
        return Ok(index);
    }
    Err(LoadError::NothingUsable { paths: paths.to_vec(), problems: index.problems })
}

/// The given paths, and what was in their files the last time.
#[derive(Debug)]
pub(crate) struct Files {
    roots: Vec<PathBuf>,
    /// Hash of the text, and what it says: a file is parsed again only when its text has changed.
    parsed: BTreeMap<PathBuf, (u64, Contents)>,
}

/// Everything that was found.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) declaration: Declaration,
    pub(crate) files: usize,
}

/// Tells whether something may have changed: path, length, time of change, place on disk.
pub(crate) type Fingerprint = Vec<(PathBuf, u64, Option<SystemTime>, PathBuf)>;

impl Files {
    pub(crate) fn new(roots: &[PathBuf]) -> Self {
        Self { roots: roots.to_vec(), parsed: BTreeMap::new() }
    }

    pub(crate) fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// Reads everything; a given path that cannot be read is an error.
    pub(crate) fn read_all(&mut self) -> Result<Reading, LoadError> {
        for root in &self.roots {
            check(root).map_err(|source| match source.kind() {
                io::ErrorKind::NotFound => LoadError::NoSuchPath(root.clone()),
                _ => LoadError::Unreadable { path: root.clone(), source },
            })?;
        }
        Ok(self.read())
    }

    /// Reads everything; what cannot be read is a problem, and unknown to the declaration.
    pub(crate) fn read(&mut self) -> Reading {
        let mut reading = Reading::default();
        let mut before = std::mem::take(&mut self.parsed);
        let mut seen = BTreeSet::new();
        for root in &self.roots {
            let listed = list_files(root).unwrap_or_else(|error| {
                reading.unknown(root, &format!("cannot be read, nothing of it is changed: {error}"));
                Vec::new()
            });
            if listed.len() > MAX_FILES {
                reading.unknown(root, &format!("has more than {MAX_FILES} manifests: the rest is not read"));
            }
            for file in listed.into_iter().take(MAX_FILES) {
                // One file under two names is one file.
                if seen.insert(place(&file)) {
                    let (hash, contents) = read_file(&file, before.remove(&file));
                    reading.add(&file, &contents);
                    self.parsed.insert(file, (hash, contents));
                }
            }
        }
        reading
    }

    /// Cheap enough to be asked every second.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let files = self.roots.iter().flat_map(|root| match list_files(root) {
            Ok(files) => files,
            Err(_) => vec![root.clone()],
        });
        let files = files.take(MAX_FILES);
        files
            .map(|file| {
                let found = fs::metadata(&file).ok();
                let length = found.as_ref().map_or(0, fs::Metadata::len);
                let changed = found.and_then(|found| found.modified().ok());
                let place = place(&file);
                (file, length, changed, place)
            })
            .collect()
    }
}

impl Reading {
    pub(crate) fn add(&mut self, file: &Path, contents: &Contents) {
        self.files += 1;
        self.declaration.objects.extend(contents.objects.iter().cloned());
        self.declaration.problems.extend(contents.problems.iter().cloned());
        if !contents.complete {
            self.declaration.unknown.push(file.to_path_buf());
        }
    }

    fn unknown(&mut self, path: &Path, message: &str) {
        self.declaration.unknown.push(path.to_path_buf());
        self.declaration.problems.push(Problem::of_file(path, None, Severity::Error, message));
    }
}

/// Where a file really lies, behind all links.
fn place(file: &Path) -> PathBuf {
    fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf())
}

fn check(root: &Path) -> io::Result<()> {
    if fs::metadata(root)?.is_dir() { fs::read_dir(root).map(drop) } else { File::open(root).map(drop) }
}

/// The manifests of a folder in the order of their names; a file is itself, whatever it is called.
fn list_files(root: &Path) -> io::Result<Vec<PathBuf>> {
    if !fs::metadata(root)?.is_dir() {
        return Ok(vec![root.to_path_buf()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(root)? {
        let name = entry?.file_name();
        let path = root.join(&name);
        if is_manifest(Path::new(&name)) && !path.is_dir() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// By its name: `.yaml`, `.yml`, `.json`, not hidden.
pub(crate) fn is_manifest(name: &Path) -> bool {
    let hidden = name.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
    let suffix = name.extension().and_then(|suffix| suffix.to_str());
    !hidden && matches!(suffix, Some("yaml" | "yml" | "json"))
}

fn read_file(file: &Path, before: Option<(u64, Contents)>) -> (u64, Contents) {
    let text = match read_text(file) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("cannot be read, nothing of it is changed: {error}");
            return (0, Contents::unknown(Problem::of_file(file, None, Severity::Error, message)));
        }
    };
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let hash = hasher.finish();
    match before {
        Some((same, contents)) if same == hash => (hash, contents),
        _ => (hash, document::read(file, &text)),
    }
}

fn read_text(file: &Path) -> io::Result<String> {
    if !fs::metadata(file)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    File::open(file)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_FILE_BYTES) {
        return Err(io::Error::other(format!("it has more than {MAX_FILE_BYTES} bytes: split it")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        io::Error::other(format!("it is no UTF-8 text from byte {at} on"))
    })
}
