//! The settings of a service that was given a Prometheus and one channel, and nothing else.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use sre_server::config::{Config, Settings, Surroundings};

/// Names and texts.
#[derive(Debug)]
struct Given([(&'static str, String); 2]);

/// What the service comes to with these two.
pub(crate) fn configuration(prometheus: &str) -> Config {
    let given = Given([
        ("PROMETHEUS_URL", prometheus.to_owned()),
        ("WEBHOOK_URL", "http://localhost:9/".to_owned()),
    ]);
    let (config, warnings) =
        Config::read(&given, &sre_server::app::Language).expect("settings that can be used");
    assert!(warnings.is_empty(), "{warnings:?}");
    config
}

impl Settings for Given {
    fn get(&self, name: &str) -> Option<OsString> {
        let (_, text) = self
            .0
            .iter()
            .find(|(held, _)| *held == name)?;
        Some(text.into())
    }

    fn names(&self) -> Vec<String> {
        self.0
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect()
    }

    fn read_file(&self, _path: &Path) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn surroundings(&self) -> Surroundings {
        Surroundings {
            terminal: false,
            host_name: "scenarios".to_owned(),
            process_id: 1,
        }
    }
}
