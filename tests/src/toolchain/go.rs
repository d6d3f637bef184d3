//! Programs in Go, from the modules that a `go.sum` pins.

use super::{cache, flat, folder, run};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds a package of the module in `tests/MODULE` (`.`, or the import path of a dependency) and returns the program.
///
/// # Panics
/// When there is no Go, or it does not build.
#[must_use]
pub fn build(module: &str, package: &str) -> PathBuf {
    let program = cache("go").join("programs").join(flat(&format!("{module}/{package}")));
    run(go(&folder(module)).args(["build", "-trimpath", "-buildvcs=false", "-o"]).arg(&program).arg(package));
    program
}

/// The folder of the sources of a dependency of the module in `tests/MODULE`.
///
/// # Panics
/// When there is no Go, or the module does not use it.
#[must_use]
pub fn sources(module: &str, dependency: &str) -> PathBuf {
    let module = folder(module);
    run(go(&module).args(["mod", "download", dependency]));
    PathBuf::from(run(go(&module).args(["list", "-m", "-f", "{{.Dir}}", dependency])).trim())
}

fn go(module: &Path) -> Command {
    let cache = cache("go");
    let mut go = Command::new("go");
    go.current_dir(module)
        .env("GOFLAGS", "-mod=readonly -modcacherw")
        .env("GOMODCACHE", cache.join("modules"))
        .env("GOCACHE", cache.join("objects"))
        .env("GOWORK", "off");
    go
}
