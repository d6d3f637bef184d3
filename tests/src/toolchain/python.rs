//! Programs in Python, each in a virtual environment of what a `requirements.txt` pins with hashes.

use super::{Program, cache, fill, flat, folder, run};
use std::process::Command;

/// Installs what `tests/FOLDER/requirements.txt` says; the program is `main.py` beside it.
///
/// # Panics
/// When there is no Python, or something cannot be installed.
#[must_use]
pub fn install(name: &str) -> Program {
    let source = folder(name);
    let requirements = source.join("requirements.txt");
    let pinned = std::fs::read_to_string(&requirements).expect("a file `requirements.txt`");
    let environment = cache("python").join(flat(name));
    let python = environment.join("bin/python");
    // An environment belongs to the Python that made it.
    let version = run(Command::new("python3").args(["-c", "import sys; print(sys.executable, sys.version)"]));
    fill(&environment, &(version + &pinned), || {
        run(Command::new("python3").args(["-m", "venv"]).arg(&environment));
        run(Command::new(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--only-binary=:all:",
                "--require-hashes",
                "-r",
            ])
            .arg(&requirements));
    });
    Program::new([python.into_os_string(), "-B".into(), source.join("main.py").into_os_string()])
}
