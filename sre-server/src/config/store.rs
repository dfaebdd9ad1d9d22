//! Where everything is kept, for how long, and what a new store receives.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sre_core::time::Span;

use super::parse;
use super::reader::Reader;

/// The store, and how it is opened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoreConfig {
    /// Which store.
    pub location: StoreLocation,
    /// Whether `serve` brings its schema up to date.
    pub auto_migrate: bool,
    /// Its connections.
    pub pool: PoolConfig,
}

/// Which store, by the scheme of its URL.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StoreLocation {
    /// An embedded file, as it was written: relative to the working directory, or absolute.
    Sqlite(PathBuf),
}

/// The connections to a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PoolConfig {
    /// The most there may be.
    pub max_connections: NonZeroU32,
    /// Those kept open; never more than `max_connections`.
    pub min_connections: u32,
    /// How long connecting at start may take.
    pub connection_timeout: Duration,
}

/// For how long what is stored is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RetentionConfig {
    /// Raw samples.
    pub samples: Span,
    /// Fine slices.
    pub slices: Span,
    /// Hour sums; at least as long as fine slices.
    pub hour_sums: Span,
}

/// What a new, empty store receives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Defaults {
    /// The default SLOs.
    All,
    /// Nothing.
    None,
}

pub(super) fn read(reader: &mut Reader<'_>) -> StoreConfig {
    let given = reader.optional("DATABASE_URL", parse::database);
    let data_dir = reader.value("SRE_MONITOR_DATA_DIR", parse::path);
    let path = given.unwrap_or_else(|| embedded(reader, &data_dir));
    if reader.is_set("DATABASE_URL") && reader.is_set("SRE_MONITOR_DATA_DIR") {
        reader.warn("SRE_MONITOR_DATA_DIR has no effect: DATABASE_URL names the file");
    }
    StoreConfig {
        location: StoreLocation::Sqlite(path),
        auto_migrate: reader.value("SRE_MONITOR_AUTO_MIGRATE", parse::flag),
        pool: read_pool(reader),
    }
}

fn embedded(reader: &mut Reader<'_>, data_dir: &Path) -> PathBuf {
    let path = data_dir.join(EMBEDDED_FILE);
    reader.computed("DATABASE_URL", format!("sqlite://{}", path.display()));
    path
}

fn read_pool(reader: &mut Reader<'_>) -> PoolConfig {
    let max_connections = reader.value("DB_MAX_CONNECTIONS", parse::positive);
    let mut min_connections = reader.value("DB_MIN_CONNECTIONS", parse::number);
    let too_many = min_connections > max_connections.get();
    if too_many && reader.is_set("DB_MIN_CONNECTIONS") {
        if reader.are_sound(&["DB_MAX_CONNECTIONS", "DB_MIN_CONNECTIONS"]) {
            reader.refuse("DB_MIN_CONNECTIONS", "is more than DB_MAX_CONNECTIONS");
        }
    } else if too_many {
        // Who asks for two connections at most need not know of a minimum.
        min_connections = max_connections.get();
        reader.computed("DB_MIN_CONNECTIONS", min_connections.to_string());
    }
    PoolConfig {
        max_connections,
        min_connections,
        connection_timeout: reader
            .value("DB_CONNECTION_TIMEOUT", parse::span)
            .as_duration(),
    }
}

pub(super) fn read_retention(reader: &mut Reader<'_>) -> RetentionConfig {
    let samples = reader.value("METRICS_RETENTION_DAYS", parse::number);
    let (slices, hour_sums) = reader.value("SRE_MONITOR_SLICE_RETENTION_DAYS", parse::days);
    RetentionConfig {
        samples: Span::days(samples),
        slices,
        hour_sums,
    }
}

impl RetentionConfig {
    /// A window that reaches beyond what is kept would quietly shrink.
    pub(super) fn check(self, reader: &mut Reader<'_>, window: Span) {
        const NAMES: [&str; 2] = [
            "SRE_MONITOR_SLICE_RETENTION_DAYS",
            "SLO_DEFAULT_TIME_WINDOW",
        ];
        if reader.are_sound(&NAMES) && self.hour_sums < window {
            let [name, other] = NAMES;
            reader.refuse(
                name,
                format!("hour sums end before {other}, {window}, does"),
            );
        }
    }
}

pub(super) fn read_defaults(reader: &mut Reader<'_>) -> Defaults {
    match reader.value("SRE_MONITOR_DEFAULTS", parse::choice) {
        "none" => Defaults::None,
        _ => Defaults::All,
    }
}

const EMBEDDED_FILE: &str = "sre-monitor.db";
