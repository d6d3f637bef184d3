//! The sizes of the log.

/// Sizes of a log; the default is right for a real disk.
#[derive(Clone, Debug)]
pub struct LogOptions {
    /// Bytes of one segment file, preallocated. A record that does not fit gets a larger one.
    pub segment_bytes: u32,
    /// Bytes of recent records kept in memory for readers at the end, for all channels together.
    pub tail_bytes: usize,
    /// Bytes that may wait to be written; beyond it `append` waits.
    pub queue_bytes: u32,
    /// Bytes of segment files beyond which channels without a budget of their own are full.
    /// `None`: half of the disk that the folder lies on.
    pub disk_budget: Option<u64>,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            segment_bytes: 16 << 20,
            // Readers at the end are at most some milliseconds behind: this is half a second of full load.
            tail_bytes: 16 << 20,
            // Some dozens of the largest events; at full load a batch has about 20 KiB.
            queue_bytes: 32 << 20,
            disk_budget: None,
        }
    }
}

/// Bytes of the largest record: `--max-event-size` may go up to here.
pub(crate) const MAX_RECORD: usize = 64 << 20;
