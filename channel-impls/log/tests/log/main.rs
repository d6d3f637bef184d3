//! The embedded log from outside: on real folders, and on a disk that loses what was not synced.

#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

mod basics;
mod damage;
mod faults;
mod fixture;
mod power;
mod simdisk;
mod space;
mod support;
