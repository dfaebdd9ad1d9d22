//! The process: its name, its logs.

use super::parse;
use super::reader::Reader;

/// What is logged, and how.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogConfig {
    /// Directives of the log filter; they parse.
    pub filter: String,
    /// How lines look.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// For people.
    Pretty,
}

pub(super) fn read_replica_id(reader: &mut Reader<'_>) -> String {
    reader
        .optional("SRE_MONITOR_REPLICA_ID", parse::replica_id)
        .unwrap_or_else(|| {
            let around = reader.surroundings();
            let id = format!("{}-{}", around.host_name, around.process_id);
            reader.computed("SRE_MONITOR_REPLICA_ID", id.clone());
            id
        })
}

pub(super) fn read_log(reader: &mut Reader<'_>) -> LogConfig {
    let filter = reader.value("RUST_LOG", parse::log_filter);
    let format = match reader.optional("SRE_MONITOR_LOG_FORMAT", parse::choice) {
        Some("json") => LogFormat::Json,
        Some(_) => LogFormat::Pretty,
        None => {
            let terminal = reader.surroundings().terminal;
            let word = if terminal { "pretty" } else { "json" };
            reader.computed("SRE_MONITOR_LOG_FORMAT", word.to_owned());
            if terminal {
                LogFormat::Pretty
            } else {
                LogFormat::Json
            }
        }
    };
    LogConfig { filter, format }
}
