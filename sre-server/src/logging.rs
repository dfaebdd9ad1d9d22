//! Log lines: to standard error, as JSON off a terminal and readable on one.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::config::{LogConfig, LogFormat};

/// Begins logging. A second call changes nothing.
pub fn begin(config: &LogConfig) {
    let filter = EnvFilter::try_new(&config.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    let _ = match config.format {
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .try_init(),
        LogFormat::Pretty => lines.try_init(),
    };
}
