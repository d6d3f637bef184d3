//! `sluice run`: only its flags; the program carries it out.

use crate::offline::CompileFlags;
use crate::values;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  sluice run                                    what the current folder declares
  sluice run ./manifests --listen 0.0.0.0:8080  reachable from elsewhere
  sluice run broker.yaml --channel memory       nothing is kept on disk
  sluice run --tls-cert tls.crt --tls-key tls.key
  sluice run --resolve Service/default/bill=http://127.0.0.1:3000 ./manifests

Changed manifests are in force within a second. SIGTERM and Ctrl-C drain, a
second one ends at once, SIGHUP reads the manifests
and certificates again.";

/// What `sluice run` was told.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Files or folders of YAML
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// Backend and references.
    #[command(flatten)]
    pub compile: CompileFlags,
    /// Events come in here
    #[arg(long, env = "SLUICE_LISTEN", default_value = "127.0.0.1:8080", value_parser = values::address, value_name = "HOST:PORT")]
    pub listen: SocketAddr,
    /// Health, metrics and the admin API
    #[arg(long, env = "SLUICE_ADMIN", default_value = "127.0.0.1:9090", value_parser = values::address, value_name = "HOST:PORT")]
    pub admin: SocketAddr,
    /// Folder of the embedded log; one process at a time
    #[arg(long, env = "SLUICE_DATA", default_value = "./sluice-data", value_name = "FOLDER")]
    pub data: PathBuf,
    /// Larger events are refused
    #[arg(long, env = "SLUICE_MAX_EVENT_SIZE", default_value = "1MiB", value_parser = values::bytes, value_name = "BYTES")]
    pub max_event_size: usize,
    /// How long deliveries may finish after SIGTERM
    #[arg(long, env = "SLUICE_DRAIN_TIMEOUT", default_value = "30s", value_parser = values::duration, value_name = "DURATION")]
    pub drain_timeout: Duration,
    /// How long data of removed Brokers and Channels and state of removed Triggers and Subscriptions are kept
    #[arg(long, env = "SLUICE_KEEP_REMOVED", default_value = "24h", value_parser = values::duration, value_name = "DURATION")]
    pub keep_removed: Duration,
    /// PEM file of the certificate (and those that lead to its root): HTTPS on --listen; read again when it changes
    #[arg(long, env = "SLUICE_TLS_CERT", requires = "tls_key", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file of its private key, not encrypted; read again when it changes
    #[arg(long, env = "SLUICE_TLS_KEY", requires = "tls_cert", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// PEM file of authorities: whoever sends events must show a certificate of one of them
    #[arg(long, env = "SLUICE_TLS_CLIENT_CA", requires = "tls_cert", value_name = "FILE")]
    pub tls_client_ca: Option<PathBuf>,
    /// PEM file of roots that outgoing connections trust beside the system's
    #[arg(long, env = "SLUICE_CA_BUNDLE", value_name = "FILE")]
    pub ca_bundle: Option<PathBuf>,
    /// File with the token that the admin API then wants; needed when --admin is not on loopback
    #[arg(long, env = "SLUICE_ADMIN_TOKEN_FILE", value_name = "FILE")]
    pub admin_token_file: Option<PathBuf>,
    /// How log lines are written
    #[arg(
        long,
        env = "SLUICE_LOG_FORMAT",
        default_value = "text",
        value_name = "text|json",
        hide_possible_values = true
    )]
    pub log_format: LogFormat,
    /// What is logged: a level, or levels by target as in RUST_LOG
    #[arg(long, env = "SLUICE_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object per line.
    Json,
}
