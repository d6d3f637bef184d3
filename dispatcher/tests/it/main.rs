//! The dispatcher over the real engine and real sockets: each rule against a scripted sink.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod dead_letters;
mod handshake;
mod mesh;
mod redrive;
mod reload;
mod replies;
mod retries;
mod shutdown;
mod sink;
mod steps;
mod tls;
mod wire;
