//! A real folder as a [`Disk`], and the lock that keeps a second process out.

use crate::OpenError;
use crate::disk::{Disk, DiskFile};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the lock file; it holds the pid of the process that has the folder.
const LOCK: &str = "lock";

/// The data folder.
pub(crate) struct Folder {
    path: PathBuf,
    handle: File,
}

/// While it exists no other process can open the folder.
pub(crate) struct FolderLock {
    _file: File,
}

impl Folder {
    /// Makes the folder if it is missing and locks it.
    pub(crate) fn open(path: &Path) -> Result<(Self, FolderLock), OpenError> {
        let fails = |source| OpenError::Folder { folder: path.to_path_buf(), source };
        if !path.exists() {
            std::fs::create_dir_all(path).map_err(fails)?;
            sync_parent(path).map_err(fails)?;
        }
        let lock = lock(path)?;
        let handle = File::open(path).map_err(fails)?;
        Ok((Self { path: path.to_path_buf(), handle }, lock))
    }

    /// How large the file system is that the folder lies on, in bytes.
    pub(crate) fn disk_bytes(&self) -> io::Result<u64> {
        let stat = rustix::fs::statvfs(&self.path)?;
        Ok(stat.f_blocks.saturating_mul(stat.f_frsize))
    }
}

/// A folder that was just made must still be there after a power loss.
fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(parent)?.sync_all()
}

fn lock(folder: &Path) -> Result<FolderLock, OpenError> {
    let fails = |source| OpenError::Folder { folder: folder.to_path_buf(), source };
    let path = folder.join(LOCK);
    let mut options = OpenOptions::new();
    let mut file = options.read(true).write(true).create(true).truncate(false).open(path).map_err(fails)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            // Only for the message: a lock without a readable pid is still a lock.
            let _ = file.read_to_string(&mut pid);
            let pid = if pid.trim().is_empty() { "unknown".to_owned() } else { pid.trim().to_owned() };
            return Err(OpenError::Locked { folder: folder.to_path_buf(), pid });
        }
        Err(TryLockError::Error(source)) => return Err(fails(source)),
    }
    // Only for the message, as above: a full disk keeps nobody from opening.
    let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(FolderLock { _file: file })
}

impl Disk for Folder {
    fn list(&self) -> io::Result<Vec<String>> {
        let names = std::fs::read_dir(&self.path)?.map(|e| e.map(|e| e.file_name().into_string().ok()));
        names.filter_map(Result::transpose).collect()
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(true).open(self.path.join(name))?;
        Ok(Arc::new(PlainFile(file)))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).open(self.path.join(name))?;
        Ok(Arc::new(PlainFile(file)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.path.join(name))
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.handle.sync_all()
    }
}

struct PlainFile(File);

impl DiskFile for PlainFile {
    fn len(&self) -> io::Result<u64> {
        self.0.metadata().map(|m| m.len())
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        use rustix::fs::{FallocateFlags, fallocate};
        Ok(fallocate(&self.0, FallocateFlags::empty(), 0, len)?)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut read = 0;
        while let Some(rest) = buffer.get_mut(read..).filter(|rest| !rest.is_empty()) {
            match self.0.read_at(rest, offset + read as u64) {
                Ok(0) => break,
                Ok(n) => read += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(read)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
