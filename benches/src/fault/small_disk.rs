//! A disk that is soon full: a tmpfs in a mount namespace, which a child keeps alive.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Mounts, says so, and keeps the namespace until its standard input ends.
const KEEPER: &str = "mount -t tmpfs -o mode=777,size=$1m tmpfs \"$2\" && echo mounted && exec cat";

pub(crate) struct SmallDisk {
    keeper: Child,
    path: PathBuf,
    _mount_point: TempDir,
}

impl SmallDisk {
    /// One of so many MiB. Root may mount, and where user namespaces are allowed anybody.
    pub(crate) fn mount(mebibytes: u32) -> Result<Self, crate::Error> {
        let mount_point = TempDir::new()?;
        let root = rustix::process::geteuid().is_root();
        let flags: &[&str] = if root { &["--mount"] } else { &["--user", "--map-root-user", "--mount"] };
        let mut command = Command::new("unshare");
        command
            .args(flags)
            .args(["sh", "-c", KEEPER, "sh"])
            .arg(mebibytes.to_string())
            .arg(mount_point.path());
        let mut keeper = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().ok_or("no pipe")?).read_line(&mut line)?;
        if line.trim() != "mounted" {
            keeper.wait()?;
            return Err("a tmpfs cannot be mounted: run as root, or allow user namespaces".into());
        }
        // From outside the namespace the mount is seen through the process that is in it.
        let inside = mount_point.path().strip_prefix("/").unwrap_or(mount_point.path());
        let path = Path::new("/proc").join(keeper.id().to_string()).join("root").join(inside);
        Ok(Self { keeper, path, _mount_point: mount_point })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
