//! The commands of development, so that nobody has to remember a command line.
//!
//! | command | does |
//! | --- | --- |
//! | `cargo xtask test` | provides what tests need, runs them all, ends with one summary line |
//! | `cargo xtask check-deps` | proves the direction of dependencies and where SQL and time may be named |
//! | `cargo xtask ci [leg…]` | runs the named legs of CI, or all of them |
//! | `cargo xtask perf core` | measures what is promised of the core's speed, and says what is short |
//! | `cargo xtask sqlx-prepare [--check]` | writes (or compares) what sqlx knows of the stores' statements |
//!
//! Everything runs from the root of the workspace, wherever it is called.

mod check_deps;
mod ci;
mod clock;
mod deploy;
mod environment;
mod files;
mod perf;
mod say;
mod sqlx_prepare;
mod stream;
mod test;
mod tool;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
usage: cargo xtask <command>

  test                    provide what tests need, run every test, end with one summary line
  check-deps              prove the direction of dependencies and where SQL may be written
  ci [leg...]             run the named legs of CI, or all of them
  perf core               measure what is promised of the core's speed, say what is short
  sqlx-prepare [--check]  write (or compare) the metadata of the stores' SQL statements";

fn main() -> ExitCode {
    let arguments = environment::arguments();
    let words: Vec<_> = arguments
        .iter()
        .map(String::as_str)
        .collect();
    match run(&words) {
        Ok(code) => code,
        Err(error) => {
            say::complaint(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Carries out one command; what it answers is the process's exit code.
fn run(words: &[&str]) -> Result<ExitCode> {
    match words {
        ["test"] => test::run(),
        ["check-deps"] => check_deps::run(),
        ["ci", legs @ ..] => ci::run(legs),
        ["perf", what @ ..] => perf::run(what),
        ["sqlx-prepare"] => sqlx_prepare::run(sqlx_prepare::Mode::Write),
        ["sqlx-prepare", "--check"] => sqlx_prepare::run(sqlx_prepare::Mode::Check),
        ["help" | "--help" | "-h"] => {
            say::line(USAGE)?;
            Ok(ExitCode::SUCCESS)
        }
        _ => bail!("no such command: {:?}\n\n{USAGE}", words.join(" ")),
    }
}
