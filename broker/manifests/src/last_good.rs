//! The last good version of each object, over a restart.

use crds::{Object, Origin};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Version of the file's format.
const VERSION: u32 = 1;
const NAME: &str = "last-good.json";

/// The file `last-good.json` in a folder of the data folder. It holds Secrets: only its owner may read it.
#[derive(Debug)]
pub struct LastGood {
    folder: PathBuf,
    objects: Vec<Object>,
    /// What the file holds.
    written: Vec<u8>,
    /// Why nothing could be read from it, if so.
    damage: Option<String>,
}

/// Why the last good versions cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LastGoodError {
    /// Written by a newer program.
    #[error(
        "`{}` has format {found}, this program knows {VERSION}: start the newer version, or remove the file", path.display()
    )]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// The folder or the file cannot be used.
    #[error("`{}` cannot be used: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    #[serde(default)]
    objects: Vec<StoredObject>,
}

/// An object and the file that defined it, as an absolute path.
#[derive(Serialize, Deserialize)]
struct StoredObject {
    file: Option<PathBuf>,
    manifest: Value,
}

impl LastGood {
    /// Reads what an earlier run left in `folder` (usually `<data>/manifests`), which is made if it is not there.
    /// A damaged file counts as none, with a word about it among the problems.
    ///
    /// # Errors
    /// When the folder cannot be used, or the file was written by a newer program.
    pub fn open(folder: &Path) -> Result<Self, LastGoodError> {
        let path = folder.join(NAME);
        let failed = |source| LastGoodError::Io { path: path.clone(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        let mut store =
            Self { folder: folder.to_path_buf(), objects: Vec::new(), written: Vec::new(), damage: None };
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(store),
            Err(error) => return Err(failed(error)),
        };
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        match serde_json::from_slice(&bytes) {
            Ok(Version { version }) if version > VERSION => {
                return Err(LastGoodError::TooNew { path, found: version });
            }
            _ => {}
        }
        match read(&bytes) {
            Ok(objects) => (store.objects, store.written) = (objects, bytes),
            Err(why) => store.damage = Some(format!("is damaged and was ignored: {why}")),
        }
        Ok(store)
    }

    /// The file itself.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(NAME)
    }

    /// What was read on opening; their files are absolute.
    pub(crate) fn take_objects(&mut self) -> Vec<Object> {
        std::mem::take(&mut self.objects)
    }

    /// Why nothing could be read, told once.
    pub(crate) fn take_damage(&mut self) -> Option<String> {
        self.damage.take()
    }

    /// Makes these the last good versions; durable on `Ok`. Writes nothing when nothing has changed.
    pub(crate) fn save<'a>(&mut self, objects: impl Iterator<Item = &'a Object>) -> io::Result<()> {
        let objects = objects.map(|object| StoredObject {
            file: object.origin.file.as_ref().map(|file| absolute(file)),
            manifest: object.value.clone(),
        });
        let bytes = serde_json::to_vec(&Stored { version: VERSION, objects: objects.collect() })?;
        if bytes != self.written {
            self.replace(&bytes)?;
            self.written = bytes;
        }
        Ok(())
    }

    /// All or nothing, whenever the power goes: a new file, synced, takes the place of the old one.
    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        let new = self.folder.join(format!("{NAME}.new"));
        let mut file = private(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, self.path())?;
        File::open(&self.folder)?.sync_all()
    }
}

fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Independent of the folder that the program is started in.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

fn read(bytes: &[u8]) -> Result<Vec<Object>, String> {
    let stored: Stored = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let objects = stored.objects.into_iter().map(|stored| {
        Object::new(stored.manifest, Origin { file: stored.file, ..Origin::default() })
            .map_err(|error| error.to_string())
    });
    objects.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(name: &str) -> Object {
        let value = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}});
        Object::new(value, Origin { file: Some("/m/a.yaml".into()), ..Origin::default() }).unwrap()
    }

    #[test]
    fn what_was_saved_is_there_after_a_restart_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = LastGood::open(folder.path()).unwrap();
        assert!(store.take_objects().is_empty());
        store.save([object("a"), object("b")].iter()).unwrap();
        store.save([object("b")].iter()).unwrap();
        let mut again = LastGood::open(folder.path()).unwrap();
        assert_eq!(again.take_objects(), [object("b")]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(again.path()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn nothing_is_written_when_nothing_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = LastGood::open(folder.path()).unwrap();
        store.save([object("a")].iter()).unwrap();
        fs::remove_file(store.path()).unwrap();
        store.save([object("a")].iter()).unwrap();
        assert!(!store.path().exists());
    }

    #[test]
    fn a_damaged_file_is_told_and_a_newer_one_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(NAME), "{\"version\": 1, \"objects\": [{").unwrap();
        let mut store = LastGood::open(folder.path()).unwrap();
        assert!(store.take_objects().is_empty());
        assert!(store.take_damage().unwrap().contains("damaged"));
        fs::write(folder.path().join(NAME), "{\"version\": 2, \"things\": 5}").unwrap();
        assert!(matches!(LastGood::open(folder.path()), Err(LastGoodError::TooNew { found: 2, .. })));
    }
}
