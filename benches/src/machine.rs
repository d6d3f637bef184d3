//! What the figures were measured on: without it they say nothing.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// File systems in memory, by their magic number: a sync costs nothing there.
const IN_MEMORY: [i64; 2] = [0x0102_1994, 0x8584_58f6];
const SYNCS: usize = 200;

/// An error when what is synced in this folder is on no disk.
pub(crate) fn require_disk(folder: &Path) -> Result<(), crate::Error> {
    #[expect(clippy::useless_conversion, reason = "the field's type differs between platforms")]
    let kind: i64 = rustix::fs::statfs(folder)?.f_type.into();
    if IN_MEMORY.contains(&kind) {
        let folder = folder.display();
        return Err(
            format!("`{folder}` is in memory, where a sync costs nothing: give --dir on a disk").into()
        );
    }
    Ok(())
}

/// One line: cores, memory, kernel, what a sync costs.
pub(crate) fn describe(folder: &Path) -> Result<String, crate::Error> {
    let cores = std::thread::available_parallelism()?;
    let uname = rustix::system::uname();
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model);
    let kernel = uname.release().to_string_lossy();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    let (middle, worst) = syncs(folder)?;
    Ok(format!(
        "{cores} cores ({model}), Linux {kernel}, load average {load}; \
         appending 4 KiB and fdatasync: median {middle:.2} ms, worst of {SYNCS} {worst:.2} ms"
    ))
}

/// Milliseconds of an append and its sync: the median and the worst.
fn syncs(folder: &Path) -> Result<(f64, f64), crate::Error> {
    let mut file: File = tempfile::tempfile_in(folder)?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let start = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    let worst = times.iter().copied().fold(0.0, f64::max);
    Ok((crate::bench::middle(times), worst))
}
