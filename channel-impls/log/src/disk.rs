//! The few things the log asks of a file system, as a seam: below it stands a folder, in tests a recorder.

use std::io;
use std::sync::Arc;

/// A flat folder of files.
pub trait Disk: Send + Sync + 'static {
    /// The names of all files.
    ///
    /// # Errors
    /// As the file system says.
    fn list(&self) -> io::Result<Vec<String>>;

    /// A new, empty file; an old one of that name is emptied.
    ///
    /// # Errors
    /// As the file system says.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// A file that is there, for reading and writing.
    ///
    /// # Errors
    /// As the file system says.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Renames; the new name survives a power loss only after [`Disk::sync_folder`].
    ///
    /// # Errors
    /// As the file system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Deletes a file.
    ///
    /// # Errors
    /// As the file system says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes the names of files durable.
    ///
    /// # Errors
    /// As the file system says.
    fn sync_folder(&self) -> io::Result<()>;
}

/// An open file. All offsets are bytes from its start.
pub trait DiskFile: Send + Sync {
    /// How long the file is.
    ///
    /// # Errors
    /// As the file system says.
    fn len(&self) -> io::Result<u64>;

    /// True for a file without a byte.
    ///
    /// # Errors
    /// As the file system says.
    fn is_empty(&self) -> io::Result<bool> {
        self.len().map(|len| len == 0)
    }

    /// Reserves blocks so that later writes below `len` cannot run out of disk.
    ///
    /// # Errors
    /// [`io::ErrorKind::StorageFull`] when there is no room.
    fn allocate(&self, len: u64) -> io::Result<()>;

    /// Reads up to `buffer.len()` bytes; fewer only at the end of the file.
    ///
    /// # Errors
    /// As the file system says.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes all of `bytes`; durable only after [`DiskFile::sync_data`].
    ///
    /// # Errors
    /// As the file system says; any part may have been written.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes everything written so far durable, and the length of the file.
    ///
    /// # Errors
    /// After an error nothing is known about what is durable.
    fn sync_data(&self) -> io::Result<()>;
}
