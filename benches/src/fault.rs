//! What goes wrong in the row `faults`: sinks that fail on demand, a disk that is soon full, and a sender that
//! knows which events were acknowledged.

pub(crate) mod sender;
pub(crate) mod sink;
pub(crate) mod small_disk;
