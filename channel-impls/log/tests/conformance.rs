//! The embedded log keeps every promise of the contract, on a real folder.
#![expect(clippy::unwrap_used, reason = "the helpers of a test are test code too")]

use async_trait::async_trait;
use broker_core::Backend;
use broker_core::conformance::Harness;
use channel_log::{LogBackend, LogOptions, OpenError};
use prometheus_client::registry::Registry;
use std::sync::Arc;
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
}

#[async_trait]
impl Harness for Folder {
    async fn open(&self) -> Arc<dyn Backend> {
        loop {
            match LogBackend::open(self.0.path(), LogOptions::default(), &mut Registry::default()) {
                Ok(backend) => return backend,
                // The one before is still letting go of the folder.
                Err(OpenError::Locked { .. }) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

broker_core::conformance!(Folder::new());
