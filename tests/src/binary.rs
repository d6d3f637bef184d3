//! The binary under test.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The program `sluice`, built once per test run with the profile and target folder of the tests themselves.
///
/// # Panics
/// When it does not build.
pub fn sluice() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| std::env::var_os("SLUICE_BIN").map_or_else(build, PathBuf::from))
}

/// `cargo test` builds no binary of another package, so this asks for it; up to date, that takes a moment.
fn build() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    // TARGET/PROFILE/deps/TEST
    let profile = test.ancestors().nth(2).expect("tests lie in the target folder");
    let target = profile.parent().expect("profiles lie in the target folder");
    let name = match profile.file_name().and_then(|name| name.to_str()) {
        None | Some("debug") => "dev",
        Some(name) => name,
    };
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", "broker", "--bin", "sluice", "--profile", name]);
    cargo.arg("--target-dir").arg(target).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    let built = cargo.status().expect("cargo starts");
    assert!(built.success(), "`cargo build --package broker` failed");
    profile.join("sluice")
}
