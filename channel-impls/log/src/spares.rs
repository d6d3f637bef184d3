//! Space that is taken beforehand, so that what frees space can be written on a full disk: state, removals.
//!
//! One takes what is written while the disk is full, or by a process that starts then. The other takes the snapshot
//! that makes the first one empty again.

use crate::disk::Disk;
use crate::segment::Segment;
use crate::segments::Free;
use std::io;

/// How many there are.
pub(crate) const SPARES: usize = 2;
/// A spare is this part of a segment of the usual size.
const SHARE: u32 = 4;
const PREFIX: &str = "spare-";

/// Bytes of one.
pub(crate) fn bytes(segment_bytes: u32) -> u64 {
    u64::from(segment_bytes / SHARE).next_multiple_of(512)
}

pub(crate) fn is_name(file: &str) -> bool {
    file.starts_with(PREFIX)
}

/// A name that none of these has.
pub(crate) fn name_beside(spares: &[Free]) -> Option<String> {
    let mut names = (0..SPARES).map(|n| format!("{PREFIX}{n}"));
    names.find(|name| spares.iter().all(|spare| spare.name != *name))
}

/// Takes the space. Without writing to it: that it is there is enough.
pub(crate) fn make(disk: &dyn Disk, name: String, bytes: u64) -> io::Result<Free> {
    let file = disk.create(&name)?;
    match file.allocate(bytes) {
        Ok(()) => Ok(Free { name, file }),
        Err(error) => {
            disk.remove(&name)?;
            Err(error)
        }
    }
}

/// True for a segment that was made of a spare.
pub(crate) fn was(segment: &Segment, segment_bytes: u32) -> bool {
    u64::from(segment.capacity) == bytes(segment_bytes)
}
