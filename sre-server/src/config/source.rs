//! Where settings come from: a port, so that reading them is pure, and the environment behind it.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

/// What a configuration is read from.
pub trait Settings: fmt::Debug {
    /// The text of the variable `name`, `None` when it is unset.
    fn get(&self, name: &str) -> Option<OsString>;

    /// The names of all variables that are set.
    fn names(&self) -> Vec<String>;

    /// The text of a file that a variable names.
    fn read_file(&self, path: &Path) -> io::Result<String>;

    /// What defaults are worked out from.
    fn surroundings(&self) -> Surroundings;
}

/// What the process finds itself in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Surroundings {
    /// Whether a person reads the logs, on a terminal.
    pub terminal: bool,
    /// The machine's name.
    pub host_name: String,
    /// The process's number.
    pub process_id: u32,
}

/// The environment of the process: the one place that reads it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Env;

impl Settings for Env {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where settings are read"
    )]
    fn get(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }

    fn names(&self) -> Vec<String> {
        std::env::vars_os()
            .map(|(name, _)| name.to_string_lossy().into_owned())
            .collect()
    }

    fn read_file(&self, path: &Path) -> io::Result<String> {
        let mut text = String::new();
        let read = std::fs::File::open(path)?
            .take(FILE_BYTES_MAX + 1)
            .read_to_string(&mut text)?;
        if read as u64 > FILE_BYTES_MAX {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "more than 1 MiB",
            ));
        }
        Ok(text)
    }

    fn surroundings(&self) -> Surroundings {
        Surroundings {
            // Logs go to standard error, so that a verb's own output stays clean.
            terminal: io::stderr().is_terminal(),
            host_name: self.host_name(),
            process_id: std::process::id(),
        }
    }
}

impl Env {
    /// The name that a container is given, else the kernel's, else a word that is plainly none.
    fn host_name(self) -> String {
        let given = self
            .get("HOSTNAME")
            .and_then(|name| name.into_string().ok());
        given
            .or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok())
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "unnamed-host".to_owned())
    }
}

/// More than any secret or bundle of certificates; keeps `/dev/zero` from filling the memory.
const FILE_BYTES_MAX: u64 = 1_048_576;
