//! What the environment comes to, and what keeps the service from starting.

mod channels;
mod command_line;
mod defaults;
mod documented;
mod faults;
mod names;
mod routes;
mod secrets;
mod server;
mod sources;
mod store;
mod templates;
mod with_alertmanager;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use sre_server::cli::{self, Exit, Output};
use sre_server::config::{Config, Faults, Settings, Surroundings, Warning};

/// An environment made of pairs, with files made of pairs.
#[derive(Clone, Debug, Default)]
struct Given {
    variables: BTreeMap<String, OsString>,
    files: BTreeMap<PathBuf, String>,
    terminal: bool,
}

impl Given {
    fn new(variables: &[(&str, &str)]) -> Self {
        let mut given = Self::default();
        for (name, text) in variables {
            given.set(name, text);
        }
        given
    }

    fn set(&mut self, name: &str, text: &str) {
        self.variables
            .insert(name.to_owned(), text.into());
    }

    fn file(mut self, path: &str, text: &str) -> Self {
        self.files
            .insert(path.into(), text.to_owned());
        self
    }

    fn read(&self) -> Result<(Config, Vec<Warning>), Faults> {
        Config::read(self, &sre_server::app::Language)
    }

    fn config(&self) -> Config {
        self.read()
            .expect("these settings are right")
            .0
    }

    fn warnings(&self) -> Vec<String> {
        let (_, warnings) = self
            .read()
            .expect("these settings are right");
        warnings
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    fn faults(&self) -> Vec<String> {
        let faults = self
            .read()
            .expect_err("something here is wrong");
        faults
            .iter()
            .map(ToString::to_string)
            .collect()
    }
}

impl Settings for Given {
    fn get(&self, name: &str) -> Option<OsString> {
        self.variables.get(name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.variables.keys().cloned().collect()
    }

    fn read_file(&self, path: &Path) -> io::Result<String> {
        self.files
            .get(path)
            .cloned()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn surroundings(&self) -> Surroundings {
        Surroundings {
            terminal: self.terminal,
            host_name: "box".to_owned(),
            process_id: 7,
        }
    }
}

/// The one fault of `name="text"` alone.
fn fault(name: &str, text: &str) -> String {
    let faults = Given::new(&[(name, text)]).faults();
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults.concat()
}

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What `sre-monitor config` writes to both outputs.
fn shown(given: &Given, output: Output) -> (String, String, Exit) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = cli::ConfigArgs {
        output,
        markdown: false,
    };
    let exit = cli::show(args, given, &mut out, &mut err).expect("memory takes it");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (text(out), text(err), exit)
}
