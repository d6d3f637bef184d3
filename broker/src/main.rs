//! The program `sluice`: it wires the rooms and owns no logic.
//!
//! Where to start: [`boot`] for `sluice run`; every other command lives in the crate `cli`.

mod boot;
mod compiling;
mod entrance;
mod greeting;
mod logging;
mod signals;

use clap::Parser;
use cli::{Cli, Command};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The allocator asks for huge pages: an idle mesh would hold 20 MB of them for 5 MB of objects.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    // The one TLS provider of the process; a second call would be the error, and there is none.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match Cli::parse().command {
        Command::Run(args) => boot::run(&args),
        Command::Other(command) => cli::execute(command, boot::capabilities()),
    }
}
