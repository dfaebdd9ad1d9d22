//! The bar: P1, P2 and P3 with their goals, each beside its floor. `cargo xtask perf core` runs it.
//!
//! A line for each says a figure, its ratio to the floor, the goal and whether it is reached; lines
//! below it say what it consists of. Without `--bench`, as in CI, each case runs once and nothing is
//! judged.

mod bar {
    pub(crate) mod evaluation;
    pub(crate) mod fleet;
    pub(crate) mod recorder;
    pub(crate) mod verdict;
}

use std::io::{self, Write as _};
use std::process::ExitCode;

use bar::verdict::Verdict;
use bar::{evaluation, fleet, recorder};

fn main() -> io::Result<ExitCode> {
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let pairs = if is_measured { PAIRS } else { 1 };
    let mut out = io::stdout().lock();
    let mut is_short = false;
    for measure in [recorder::p1, evaluation::p2, fleet::p3] {
        let verdict: Verdict = measure(pairs);
        is_short |= verdict.is_short();
        writeln!(out, "{verdict}")?;
    }
    Ok(if is_short && is_measured {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// An odd number, for a median that was measured.
const PAIRS: usize = 501;
