//! `cargo xtask perf core`: the figures that are promised of the core, beside their floors.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::tool;

/// Builds with optimisation and measures; what the benchmark says of its goals is the exit code.
pub(crate) fn run(what: &[&str]) -> Result<ExitCode> {
    match what {
        ["core"] => {
            let status =
                tool::cargo(&["bench", "-q", "-p", "sre-benches", "--bench", "bar"]).status()?;
            Ok(if status.success() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        _ => bail!("measured is `core`: cargo xtask perf core"),
    }
}
