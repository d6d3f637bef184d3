//! The commands as they are typed, against a real server and a real sink.

mod command_line;
mod house;
mod manifests;
mod sending;
mod server;
