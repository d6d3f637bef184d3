//! Manifests without a server.

use crate::error::CliError;
use crate::values::{self, Resolve};
use broker_core::Capabilities;
use crds::{Compiled, Settings};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What is compiled, and how references out of it are resolved.
#[derive(Clone, Debug, clap::Args)]
pub struct Manifests {
    /// Files or folders of YAML [default: .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Where a reference to something that is not in the manifests points; repeatable
    #[arg(long, env = "SLUICE_RESOLVE", value_delimiter = ',', value_parser = values::resolve, value_name = "KIND/NS/NAME=URL")]
    pub resolve: Vec<Resolve>,
    /// Backend of Brokers that choose none: log or memory
    #[arg(long, env = "SLUICE_CHANNEL", default_value = "log", value_name = "BACKEND")]
    pub channel: String,
}
