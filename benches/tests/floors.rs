//! The program from outside, without sluice: both floors, the sink and the load, each a real process.

use std::process::Command;

#[test]
fn measures_both_floors_and_loses_nothing() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_benches"))
        .args(["--floors", "--rounds", "1", "--seconds", "0.3", "--dir"])
        .arg(folder.path())
        .output()
        .unwrap();
    let (table, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    for row in ["forward floor, at saturation", "durable floor, at 5,000/s"] {
        assert!(table.contains(row), "{table}");
    }
    assert!(!said.contains('!'), "events were refused, lost or doubled:\n{said}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "folders were left behind: {left:?}");
}

#[test]
fn refuses_to_measure_a_disk_that_is_none() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_benches")).args(["--floors", "--dir", "/dev/shm"]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("give --dir on a disk"));
}
