//! Findings as they are shown.

use std::io::{self, Write};

use serde_json::json;

use super::{Finding, Verdict, gravest};
use crate::cli::Output;

/// Writes them, for people or for programs.
///
/// # Errors
/// Writing failed.
pub fn write(findings: &[Finding], output: Output, out: &mut impl Write) -> io::Result<()> {
    match output {
        Output::Json => {
            let report = json!({ "verdict": gravest(findings), "items": findings });
            serde_json::to_writer_pretty(&mut *out, &report)?;
            writeln!(out)
        }
        Output::Table => table(findings, out),
    }
}

fn table(findings: &[Finding], out: &mut impl Write) -> io::Result<()> {
    let width = findings
        .iter()
        .map(|finding| finding.check.chars().count())
        .max()
        .unwrap_or(0);
    for finding in findings {
        let (verdict, check) = (finding.verdict.word(), &finding.check);
        writeln!(out, "{verdict:7}  {check:width$}  {}", finding.seen)?;
        if let Some(advice) = &finding.advice {
            writeln!(out, "{:7}  {:width$}  → {advice}", "", "")?;
        }
    }
    let count = |verdict| {
        findings
            .iter()
            .filter(|finding| finding.verdict == verdict)
            .count()
    };
    let (faults, warnings) = (count(Verdict::Fault), count(Verdict::Warning));
    writeln!(out, "\n{faults} faults, {warnings} warnings")
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Fault => "fault",
        }
    }
}
