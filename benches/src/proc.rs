//! What a process has used: CPU and memory as Linux counts them, and what a folder occupies.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// Linux reports CPU to programs in hundredths of a second on every platform that Rust builds for.
const TICKS_PER_SECOND: u64 = 100;

/// CPU that all threads of a process have used since it started, user and system, to 10 ms.
pub(crate) fn cpu(pid: u32) -> Result<Duration, crate::Error> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The second field is the program's name in brackets and may hold spaces.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks =
        |index: usize| fields.get(index).and_then(|f| f.parse::<u64>().ok()).ok_or("odd /proc/PID/stat");
    Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 1000 / TICKS_PER_SECOND))
}

/// Bytes of memory that a process holds now.
pub(crate) fn resident(pid: u32) -> Result<u64, crate::Error> {
    status(pid, "VmRSS:")
}

/// Bytes of memory that a process held at most.
pub(crate) fn resident_peak(pid: u32) -> Result<u64, crate::Error> {
    status(pid, "VmHWM:")
}

fn status(pid: u32, field: &str) -> Result<u64, crate::Error> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kib = line.and_then(|value| value.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    Ok(kib.ok_or("odd /proc/PID/status")? * 1024)
}

/// Bytes that a folder occupies on its disk. A file that goes while we look counts nothing.
pub(crate) fn occupied(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => occupied(&entry.path()),
            Ok(data) => data.blocks() * 512,
            Err(_) => 0,
        })
        .sum()
}
