//! The commands of `sluice`: one command, one file, each with `Args` and `run`.
//!
//! What it does: parses the command line ([`Cli`]), talks to a running server or reads manifests, prints for
//! people (coloured on a terminal, plain in a pipe) or for programs (`-o json`), and says how it went by its
//! exit code ([`execute`]).
//!
//! What it must not do: start the mesh. `run` is only parsed here ([`RunArgs`]); the program wires it.
//!
//! Where to start: [`Command`], then `commands/version.rs` for the shape and `commands/send.rs` for the most of it.

mod commands;
mod connection;
mod display;
mod error;
mod event_file;
mod offline;
mod output;
mod table;
#[cfg(test)]
mod tests;
mod values;

pub use commands::run::{Args as RunArgs, LogFormat};
pub use commands::{Cli, Command, Other, execute};
pub use offline::CompileFlags;
pub use values::Resolve;
