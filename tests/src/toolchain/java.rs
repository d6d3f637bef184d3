//! Programs in Java, built by Maven from versions that never change, and held against the sums of `jars.sha256`.

use super::{Program, cache, fill, flat, folder, run, text};
use std::process::Command;

/// Builds `tests/FOLDER/pom.xml`; the program is the class `Main`.
///
/// # Panics
/// When there is no Java or Maven, it does not build, or a jar is not the one that `jars.sha256` names.
#[must_use]
pub fn build(name: &str) -> Program {
    let source = folder(name);
    let target = cache("java").join(flat(name));
    let jars = target.join("jars");
    fill(&target, &text(&source), || {
        let setting = |name: &str, value: &std::path::Path| format!("-D{name}={}", value.display());
        run(Command::new("mvn")
            .args(["--batch-mode", "--quiet", "--strict-checksums", "--file"])
            .arg(source.join("pom.xml"))
            .arg(setting("maven.repo.local", &cache("java").join("repository")))
            .arg(setting("target", &target))
            .args(["compiler:compile", "dependency:copy-dependencies"]));
        run(Command::new("sha256sum")
            .args(["--check", "--strict", "--quiet"])
            .arg(source.join("jars.sha256"))
            .current_dir(&jars));
    });
    let path = format!("{}:{}/*", target.join("classes").display(), jars.display());
    // A program that lives for seconds is not worth the second compiler.
    Program::new(["java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", &path, "Main"])
}
