//! Manifests without a server.

use crate::values::{self, Resolve};
use broker_core::Capabilities;
use crds::{Compiled, Settings};
use manifests::LoadError;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How manifests are compiled: what is in none of them.
#[derive(Clone, Debug, clap::Args)]
pub struct CompileFlags {
    /// Where a reference to something that is not in the manifests points; repeatable
    #[arg(long, env = "SLUICE_RESOLVE", value_delimiter = ',', value_parser = values::resolve, value_name = "KIND/NS/NAME=URL")]
    pub resolve: Vec<Resolve>,
    /// Backend of Brokers and Channels that choose none: log or memory
    #[arg(long, env = "SLUICE_CHANNEL", default_value = "log", value_name = "BACKEND")]
    pub channel: String,
}

impl CompileFlags {
    /// Reads and compiles manifests as `run` would.
    pub(crate) fn compile(
        &self,
        paths: &[PathBuf],
        backends: BTreeMap<String, Capabilities>,
    ) -> Result<Compiled, LoadError> {
        let settings = Settings {
            default_backend: self.channel.clone(),
            backends,
            resolve: self.resolve.iter().map(|r| (r.id.clone(), r.url.clone())).collect(),
            base_url: "http://127.0.0.1:8080".to_owned(),
        };
        Ok(crds::compile(&manifests::load_once(paths)?.index, &settings))
    }
}
