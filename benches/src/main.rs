//! What an event costs, beside the floor.
//!
//! What it does: starts sluice as a user would (the real binary, real YAML, real HTTP), the two floors, a sink
//! and a load, each as a process of its own; reads what the kernel counted; prints a table with what was wanted.
//!
//! What it must not do: link a room of sluice (what runs in one process can be measured in its own room:
//! `cargo bench -p event`, `-p filter`, `-p dispatcher`), leave a process or a folder behind.
//!
//! Where to start: [`row`] for what is measured, [`measure`] for how, [`floor`] for what it is compared with,
//! [`fault`] for what goes wrong in the row `faults`.

mod bench;
mod fault;
mod floor;
mod load;
mod machine;
mod measure;
mod mesh;
mod proc;
mod program;
mod row;
mod server;
mod shot;
mod sink;
mod wire;

use bench::Bench;
use clap::{Parser, Subcommand};
use row::Row;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// Measures sluice beside the floor and prints a table. Linux only; run it with --release.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    role: Option<Role>,
    /// Which rows; none: all of them
    rows: Vec<Row>,
    /// Few, short rounds and a small backlog: does it run at all?
    #[arg(long)]
    quick: bool,
    /// The program to measure; without it, it is built from this workspace
    #[arg(long, value_name = "PATH")]
    sluice: Option<PathBuf>,
    /// The floors alone, without sluice (row `cost`)
    #[arg(long, conflicts_with = "sluice")]
    floors: bool,
    /// Measurements of each contestant; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Events of the row `backlog`
    #[arg(long, default_value_t = 2_000_000)]
    backlog: u64,
    /// Folder on the disk to measure; data goes into a temporary folder in it
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    dir: PathBuf,
}

/// The other programs in this binary; `benches` starts them itself.
#[derive(Subcommand)]
#[command(hide = true)]
enum Role {
    Floor(floor::Args),
    Sink(sink::Args),
    Load(load::Args),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.role {
        Some(Role::Floor(args)) => floor::run(args),
        Some(Role::Sink(args)) => sink::run(args),
        Some(Role::Load(args)) => load::run(args),
        None => run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("benches: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Error> {
    machine::require_disk(&arguments.dir)?;
    program::stop_all_on_signal()?;
    let rows = match (arguments.floors, arguments.rows.as_slice()) {
        (true, _) => &[Row::Cost],
        (false, []) => Row::ALL.as_slice(),
        (false, some) => some,
    };
    let mut bench = settings(arguments)?;
    println!("{}", machine::describe(&arguments.dir)?);
    println!("{} rounds of {} s, medians", bench.rounds, bench.seconds);
    let mut failed = Vec::new();
    for row in rows {
        if let Err(error) = row.run(&mut bench) {
            eprintln!("{row:?}: {error}");
            failed.push(format!("{row:?}"));
        }
    }
    println!("{}", bench.table);
    match failed.as_slice() {
        [] => Ok(()),
        some => Err(format!("not measured: {}", some.join(", ")).into()),
    }
}

fn settings(arguments: &Arguments) -> Result<Bench, Error> {
    let sluice = match (&arguments.sluice, arguments.floors) {
        (_, true) => None,
        (Some(path), _) => Some(path.clone()),
        (None, false) => Some(build()?),
    };
    Ok(Bench {
        sluice,
        folder: arguments.dir.clone(),
        rounds: if arguments.quick { 2 } else { arguments.rounds as usize },
        seconds: if arguments.quick { 2.0 } else { arguments.seconds },
        backlog: if arguments.quick { 50_000 } else { arguments.backlog },
        table: Bench::table(),
    })
}

/// Builds the program in the profile of this one, so that no old build is measured by mistake.
fn build() -> Result<PathBuf, Error> {
    let ours = std::env::current_exe()?;
    let folder = ours.parent().ok_or("this program lies in no folder")?;
    let profile = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if profile == "debug" {
        return Err("a debug build says nothing: cargo run --release -p benches".into());
    }
    let target = folder.parent().unwrap_or(Path::new("."));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--package", "broker", "--profile", profile, "--target-dir"])
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()?;
    match status.success() {
        true => Ok(folder.join("sluice")),
        false => Err("sluice does not build; give --sluice PATH".into()),
    }
}
