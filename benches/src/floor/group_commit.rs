//! A file that events are appended to, one `fdatasync` for all that arrived during the last one.

use super::forward::Event;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use tokio::sync::oneshot;

/// Appends; the file's own thread writes and syncs.
pub(super) struct GroupCommit {
    pending: Arc<Pending>,
}

#[derive(Default)]
struct Pending {
    batch: Mutex<Batch>,
    work: Condvar,
}

#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    waiting: Vec<oneshot::Sender<()>>,
}

impl GroupCommit {
    pub(super) fn open(path: &Path) -> Result<Self, crate::Error> {
        let file = File::options().create(true).append(true).open(path)?;
        let pending = Arc::new(Pending::default());
        let writing = pending.clone();
        thread::Builder::new().name("sync".to_owned()).spawn(move || write(file, &writing))?;
        Ok(Self { pending })
    }

    /// `Ok`: synced.
    pub(super) async fn append(&self, event: &Event) -> Result<(), crate::Error> {
        let (done, synced) = oneshot::channel();
        {
            let mut batch = self.pending.batch.lock().unwrap_or_else(PoisonError::into_inner);
            encode(event, &mut batch.bytes);
            batch.waiting.push(done);
        }
        self.pending.work.notify_one();
        Ok(synced.await?)
    }
}

/// Ends when the file cannot be written: nobody gets a 202 any more.
fn write(mut file: File, pending: &Pending) -> std::io::Result<()> {
    let mut batch = Batch::default();
    loop {
        {
            let next = pending.batch.lock().unwrap_or_else(PoisonError::into_inner);
            let mut next = pending
                .work
                .wait_while(next, |b| b.waiting.is_empty())
                .unwrap_or_else(PoisonError::into_inner);
            std::mem::swap(&mut *next, &mut batch);
        }
        file.write_all(&batch.bytes)?;
        file.sync_data()?;
        batch.bytes.clear();
        for done in batch.waiting.drain(..) {
            // A connection that is gone waits for nothing.
            let _ = done.send(());
        }
    }
}

/// Length, headers, payload: the least that could be read back.
fn encode(event: &Event, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    for (name, value) in &event.headers {
        out.extend_from_slice(name.as_str().as_bytes());
        out.push(b':');
        out.extend_from_slice(value.as_bytes());
        out.push(b'\n');
    }
    out.push(b'\n');
    out.extend_from_slice(&event.body);
    let length = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}
