//! The room from outside: requests through the router, and the client against a real socket.

pub(crate) mod house;
mod objects;
mod server;
mod surface;
mod tail;
