//! What is said to the person at the terminal, or to the log of CI.

use std::io::{self, Write as _};

/// Writes one line to standard output.
pub(crate) fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Writes one line to standard error. A closed standard error is no reason to end differently.
pub(crate) fn complaint(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Opens a part of the output, so that it can be found in a long log.
pub(crate) fn heading(text: &str) -> io::Result<()> {
    line(&format!("\n=== {text}"))
}
