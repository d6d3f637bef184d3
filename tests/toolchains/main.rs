//! Stories with programs in other languages, told against the running program. Behind the feature `toolchains`.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod h2spec;
mod sdks;
