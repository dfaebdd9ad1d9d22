//! `cargo xtask test`: everything that has a test, on a machine that has only Rust.
//!
//! 1. What tests need beside Rust is looked for and, as root on Debian, installed ([`peers`]).
//! 2. Unit, property, conformance and end-to-end tests run, then doctests; examples are built.
//! 3. One line ends it: `N passed, N failed, N skipped`.
//!
//! Nothing is left out in silence: tests whose peer could not be had are named, and counted as
//! skipped; in CI that is an error.

mod apt;
mod peers;
mod pypi;
mod runner;
mod tally;

use std::process::ExitCode;

use anyhow::Result;

use crate::{clock, say, stream, tool};
use peers::Peer;
use runner::Runner;
use tally::Tally;

/// Runs every test; the last line of the output is the summary.
pub(crate) fn run() -> Result<ExitCode> {
    let start = clock::now();
    let missing = peers::provide()?;
    let unit = Runner::installed();

    say::heading("tests")?;
    let mut tally = count(unit, &missing)?;
    say::heading("doctests")?;
    tally += count(Runner::Doctests, &[])?;
    say::heading("programs and examples")?;
    tally += build_examples();

    say::line(&format!("\n{}", clock::took("test", start)))?;
    for peer in &missing {
        name_skipped(unit, peer)?;
    }
    say::line(&tally.to_string())?;
    Ok(if tally.is_success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What came of one runner's tests. A runner that fails without a failed test counts as one.
fn count(runner: Runner, missing: &[&Peer]) -> Result<Tally> {
    let mut closing = Vec::new();
    let status = stream::run(&mut runner.command(missing), |line| {
        closing.extend(runner.closing_line(line));
    })?;
    let mut tally = runner.sum(&closing);
    if !status.success() && tally.failed == 0 {
        say::complaint(&format!("{runner} did not come to its end: {status}"));
        tally.failed = 1;
    }
    Ok(tally)
}

/// Builds what a reader of the documentation would start; not a test, unless it fails.
fn build_examples() -> Tally {
    let all = ["--workspace", "--all-features", "--locked"];
    let built = tool::run(tool::cargo(&["build", "--bins", "--examples"]).args(all));
    if let Err(error) = &built {
        say::complaint(&format!("error: {error:#}"));
    }
    Tally {
        failed: u64::from(built.is_err()),
        ..Tally::default()
    }
}

fn name_skipped(runner: Runner, peer: &Peer) -> Result<()> {
    let output = tool::capture(&mut runner.list(peer))?;
    let names = runner.listed(&output);
    if !names.is_empty() {
        say::line(&format!("SKIPPED, because {} could not be had:", peer.name))?;
    }
    for name in names {
        say::line(&format!("  {name}"))?;
    }
    Ok(())
}
