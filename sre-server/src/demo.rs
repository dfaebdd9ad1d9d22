//! `sre-monitor demo`: a month of made-up history to look around in, and its days going on live.
//!
//! Only what is measured is made up. Slices, budgets, burn rates, alerts, their messages and who was
//! told of them are the work of the engine that serves real ones, driven by a clock that runs
//! through the month ([`Maker`]). A seed decides every figure, so a demo can be made again.
//!
//! A demo is marked as one: its directory (`demo.json`), its SLOs (label `demo`), `/health`. It
//! touches no directory that holds anything else, asks no source, and tells nobody: its one
//! channel ends in the process.

mod cast;
mod channel;
mod history;
mod live;
mod marker;
mod people;
mod pushed;
mod services;
mod source;
mod story;
mod traffic;

use std::path::{Path, PathBuf};

use chrono::{DateTime, SubsecRound as _, Utc};

pub use self::channel::DemoChannel;
pub use self::history::{MONTH, Maker, Progress};
pub use self::live::Pusher;
pub use self::marker::{Marker, MarkerError};
pub use self::source::DemoSource;

use crate::config::{Channels, Config, Defaults, StoreLocation};

/// A demo and where it is kept.
#[derive(Clone, Debug)]
pub struct Demo {
    directory: PathBuf,
    marker: Marker,
}

impl Demo {
    /// The demo in `directory`, or a new one that is made at `now`.
    ///
    /// # Errors
    ///
    /// [`MarkerError`] when the directory holds anything else.
    pub fn find(directory: &Path, now: DateTime<Utc>) -> Result<Self, MarkerError> {
        let found = Marker::read(directory)?.filter(|marker| marker.is_whole);
        let marker = found.unwrap_or(Marker {
            seed: SEED,
            made_at: now.trunc_subsecs(0),
            is_whole: false,
        });
        Ok(Self {
            directory: directory.to_owned(),
            marker,
        })
    }

    /// Whether its history is there.
    pub const fn is_whole(&self) -> bool {
        self.marker.is_whole
    }

    /// What is measured in it.
    pub const fn source(&self) -> DemoSource {
        DemoSource {
            seed: self.marker.seed,
            made_at: self.marker.made_at,
        }
    }

    /// Marks the directory, and removes what is left of a demo there that was cut short.
    ///
    /// # Errors
    ///
    /// [`MarkerError::File`].
    pub fn begin(&self) -> Result<(), MarkerError> {
        self.marker.write(&self.directory)?;
        marker::clear(&self.directory, STORE)
    }

    /// Says that its history is whole.
    ///
    /// # Errors
    ///
    /// [`MarkerError::File`].
    pub fn finish(&mut self) -> Result<(), MarkerError> {
        self.marker.is_whole = true;
        self.marker.write(&self.directory)
    }

    /// The settings of a demo: everything that reaches out is off, and the store is its own.
    pub fn settings(&self, mut config: Config) -> Config {
        config.store.location = StoreLocation::Sqlite(self.directory.join(STORE));
        config.defaults = Defaults::None;
        config.prometheus = None;
        config.collection.probes.clear();
        config.channels = Channels::default();
        config.heartbeat_url = None;
        config.shadow = false;
        config
    }
}

/// The file of the store in the directory.
const STORE: &str = "sre-monitor.db";
/// Every demo has the same month, seen from its own end.
const SEED: u64 = 2_026;
