//! Programs in JavaScript, beside the packages that a `package-lock.json` pins.

use super::{Program, cache, fill, flat, folder, run, text};
use std::process::Command;

/// Installs what `tests/FOLDER/package-lock.json` says; the program is `main.mjs` beside it.
///
/// # Panics
/// When there is no Node.js or npm, or something cannot be installed.
#[must_use]
pub fn install(name: &str) -> Program {
    let source = folder(name);
    let installed = cache("javascript").join(flat(name));
    fill(&installed, &text(&source), || {
        // Modules are looked for beside the file that imports them, and nothing may be written into the clone.
        for file in std::fs::read_dir(&source).expect("a folder that was just read").flatten() {
            std::fs::copy(file.path(), installed.join(file.file_name())).expect("the cache can be written");
        }
        run(Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&installed));
    });
    Program::new(["node".into(), installed.join("main.mjs")])
}
