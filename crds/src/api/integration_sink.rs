//! `sinks.knative.dev/v1alpha1` IntegrationSink.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

/// A sink that runs inside this process. Of Knative's variants `log` is supported.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct IntegrationSinkSpec {
    /// Prints every event.
    pub log: Option<LogSink>,
    /// AWS services: known, not supported.
    #[serde(skip_serializing)]
    pub aws: Option<IgnoredAny>,
    /// Template of Knative's own workload: no meaning here.
    #[serde(skip_serializing)]
    pub template: Option<IgnoredAny>,
}

/// How events are printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LogSink {
    /// Name of the logger. Default `log-sink`.
    pub logger_name: String,
    /// Level of the lines.
    pub level: LogLevel,
    /// Hides what looks like a password.
    pub log_mask: bool,
    /// A word that marks the lines.
    pub marker: String,
    /// One attribute per line.
    pub multiline: bool,
    /// Prints everything there is.
    pub show_all_properties: bool,
    /// Prints the payload.
    pub show_body: bool,
    /// Prints the payload's type.
    pub show_body_type: bool,
    /// Prints the exchange pattern.
    pub show_exchange_pattern: bool,
    /// Prints the attributes.
    pub show_headers: bool,
    /// Prints the exchange's properties.
    pub show_properties: bool,
    /// Prints streams.
    pub show_streams: bool,
    /// Prints cached streams.
    pub show_cached_streams: bool,
}

impl Default for LogSink {
    fn default() -> Self {
        Self {
            logger_name: "log-sink".to_owned(),
            level: LogLevel::Info,
            log_mask: false,
            marker: String::new(),
            multiline: false,
            show_all_properties: false,
            show_body: true,
            show_body_type: true,
            show_exchange_pattern: true,
            show_headers: false,
            show_properties: false,
            show_streams: false,
            show_cached_streams: true,
        }
    }
}

/// Level of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LogLevel {
    /// Everything.
    Trace,
    /// For developers.
    Debug,
    /// The ordinary.
    Info,
    /// The unusual.
    Warn,
    /// What went wrong.
    Error,
    /// Nothing is printed.
    Off,
}
