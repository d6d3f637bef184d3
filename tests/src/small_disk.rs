//! A disk that is soon full: a tmpfs of its own.

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use tempfile::TempDir;

/// Who may mount: root in a mount namespace, in many places anybody as the root of a user namespace.
const NAMESPACES: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
/// Mounts, says so, and keeps the namespace until its standard input ends.
const KEEPER: &str = "mount -t tmpfs -o mode=777,size=$1m tmpfs \"$2\" && echo mounted && exec cat";

/// A file system of a few MiB. It lives in a mount namespace that a process of ours keeps alive: nobody else sees
/// it, and nothing of it is left in the end, however that comes.
#[derive(Debug)]
pub struct SmallDisk {
    keeper: Child,
    path: PathBuf,
    _mount_point: TempDir,
}

impl SmallDisk {
    /// Mounts one of so many MiB.
    ///
    /// `None` where nobody may mount, with a word on the terminal: that is no fault of who works on this machine.
    /// Where `CI` is set it is one, because nobody would read that word.
    ///
    /// # Panics
    /// When it cannot be mounted and `CI` is set.
    #[must_use]
    pub fn mount(mebibytes: usize) -> Option<Self> {
        let mut refusals = Vec::new();
        for flags in NAMESPACES {
            match Self::mount_in(flags, mebibytes) {
                Ok(disk) => return Some(disk),
                Err(why) => refusals.push(format!("`unshare {}`: {why}", flags.join(" "))),
            }
        }
        let refusals = refusals.join("; ");
        let word = format!(
            "a disk cannot be filled here, because this user may not mount a tmpfs ({refusals}): run as root, or allow user namespaces"
        );
        assert!(std::env::var_os("CI").is_none(), "{word}");
        // Not by `eprintln!`, which a test that passes keeps to itself. A closed terminal needs no word.
        let _ = writeln!(io::stderr(), "NOT TESTED: {word}");
        None
    }

    fn mount_in(flags: &[&str], mebibytes: usize) -> io::Result<Self> {
        let mount_point = TempDir::new()?;
        let mut command = Command::new("unshare");
        command
            .args(flags)
            .args(["sh", "-c", KEEPER, "sh"])
            .arg(mebibytes.to_string())
            .arg(mount_point.path());
        let mut keeper =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let output = keeper.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        if !is_mounted(output)? {
            let mut why = String::new();
            keeper.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?.read_to_string(&mut why)?;
            keeper.wait()?;
            return Err(io::Error::other(why.trim().to_owned()));
        }
        // From outside the namespace the mount is seen through the process that is in it.
        let inside = mount_point.path().strip_prefix("/").unwrap_or(mount_point.path());
        let path = Path::new("/proc").join(keeper.id().to_string()).join("root").join(inside);
        Ok(Self { keeper, path, _mount_point: mount_point })
    }

    /// Its root.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes every free byte, as another program on the same disk would.
    ///
    /// # Panics
    /// When the disk fails in another way than being full.
    pub fn fill(&self) {
        let mut options = OpenOptions::new();
        let ballast = options.append(true).create(true).open(self.path.join("ballast"));
        let mut ballast = ballast.expect("a file on the small disk");
        let full = loop {
            if let Err(error) = ballast.write_all(&[0; 4096]) {
                break error;
            }
        };
        assert_eq!(full.kind(), io::ErrorKind::StorageFull, "{full}");
    }

    /// Gives back what [`SmallDisk::fill`] took.
    ///
    /// # Panics
    /// When nothing was taken.
    pub fn relieve(&self) {
        fs::remove_file(self.path.join("ballast")).expect("the ballast");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Its end ends the namespace, and with it the mount.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn is_mounted(output: ChildStdout) -> io::Result<bool> {
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    Ok(line.trim() == "mounted")
}
