//! The room from outside: requests through the router, and the client against a real socket.

mod dead_letters;
pub(crate) mod house;
mod objects;
mod server;
mod surface;
mod tail;
