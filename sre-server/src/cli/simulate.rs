//! `sre-monitor simulate`: what other policies would have said of the past, on the command line.

mod slices;
mod table;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{ArgGroup, Args};
use sre_core::simulate::SpentShare;
use sre_core::slice::SliceWidth;
use sre_core::target::Target;
use sre_core::time::{Span, truncate};

use super::Output;

pub(crate) use self::slices::{read as read_slices, stretch};
pub(crate) use self::table::write as write_table;

/// What is simulated.
#[derive(Args, Clone, Debug, Eq, PartialEq)]
#[command(group = ArgGroup::new("past").args(["slo", "slices"]).required(true))]
pub struct SimulateArgs {
    /// An SLO of the store, by id or by name
    #[arg(long)]
    pub slo: Option<String>,
    /// Slices from a file instead: lines of `time,good,total`, the time in RFC 3339 or seconds
    #[arg(long, value_name = "FILE", requires = "target")]
    pub slices: Option<PathBuf>,
    /// A policy to try: current (of an SLO of the store), default or google-sre; may be
    /// repeated; by default the current one and the presets that it is not
    #[arg(long = "policy", value_name = "NAME")]
    pub policies: Vec<String>,
    /// A policy written as JSON, `{"name": "tight", "rules": […]}`; may be repeated
    #[arg(long = "policy-file", value_name = "FILE")]
    pub policy_files: Vec<PathBuf>,
    /// The first instant (RFC 3339); 30 days before the last by default
    #[arg(long, value_parser = instant)]
    pub from: Option<DateTime<Utc>>,
    /// The first instant after (RFC 3339); now, or the end of the slices, by default
    #[arg(long, value_parser = instant)]
    pub to: Option<DateTime<Utc>>,
    /// From which share of the budget on trouble counts as an event, in per cent
    #[arg(long, value_name = "PERCENT", default_value = "1")]
    pub significant: SpentShare,
    /// Another target than the SLO's, in per cent
    #[arg(long)]
    pub target: Option<Target>,
    /// Another rolling window than the SLO's; 30d with --slices by default
    #[arg(long)]
    pub window: Option<Span>,
    /// Another number of bad events that a rule needs in its long window
    #[arg(long, value_name = "COUNT")]
    pub min_bad: Option<u64>,
    /// The length of the slices of a file
    #[arg(long, default_value = "60s", requires = "slices")]
    pub slice: SliceWidth,
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
}

/// An instant, with words of ours for what is none.
fn instant(text: &str) -> Result<DateTime<Utc>, &'static str> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| truncate(at.to_utc()))
        .map_err(|_| "must be an instant such as 2026-01-31T12:00:00Z (RFC 3339)")
}
