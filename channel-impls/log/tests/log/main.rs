//! The embedded log from outside: on real folders, and on a disk that loses what was not synced.

mod basics;
mod damage;
mod faults;
mod fixture;
mod power;
mod simdisk;
mod space;
mod support;
