//! A store of one's own: everything in memory, and every write in a file first.
//!
//! `MemoryStore` is a function of the calls that it gets: instants come in as arguments, ids too, and
//! it has no clock and no randomness. So whoever writes the calls down can repeat them, and has a
//! store that survives the process without a database: a *journal*. A write is on the disk before it
//! is done, and before anybody is told; when the file is opened, its calls are done again, in order.
//!
//! The file grows with every write and is read from its beginning: right for a tool with a handful of
//! SLOs that starts now and then, and for an example. It is never made shorter (that would take a
//! picture of all that is held beside the calls since), and a write waits for the disk on the thread
//! that makes it.
//!
//! The tests below are the point: the laws of storage, all of them, asked of this store; and random
//! histories after which the file is opened again.
//!
//! ```sh
//! cargo run -p sre-examples --example journal_store
//! cargo test -p sre-examples --example journal_store
//! ```

mod call;
mod journal;
mod ports;

use std::error::Error;
use std::io::{Write, stdout};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sre_core::monitor::Monitor;
use sre_core::recorder::Event;
use sre_core::slo::Slo;
use sre_core::time::{Span, at_second};

use crate::ports::JournalStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    for line in two_runs(&folder.path().join("slos.jsonl")).await? {
        writeln!(stdout(), "{line}")?;
    }
    Ok(())
}

/// A program that runs for an hour, ends while it burns, and is started again.
async fn two_runs(path: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    // Monday, 2026-03-02 00:00 UTC.
    let begin = at_second(1_772_409_600);
    let restart = begin + Span::hours(1).as_delta();
    let mut said = Vec::new();
    said.push(run(path, begin, restart, true).await?);
    said.push(run(path, restart, restart + Span::hours(1).as_delta(), false).await?);
    Ok(said)
}

/// One life of the program, with a request a second; where it `burns`, one in ten fails in its second
/// half. Answers how it stands in the end, by what the file remembers and what it saw itself.
async fn run(
    path: &Path,
    begin: DateTime<Utc>,
    end: DateTime<Utc>,
    burns: bool,
) -> Result<String, Box<dyn Error>> {
    let monitor = Monitor::builder(Arc::new(JournalStore::open(path).await?)).build();
    let slo = Slo::builder("checkout", "availability")
        .target_percentage("99.9")?
        .rolling(Span::days(1))
        .build()?;
    let declared = monitor.declare(&slo, begin).await?;
    let requests = monitor
        .recorder(&slo)
        .ok_or("the SLO counts a metric")?;

    let mut now = begin;
    while now < end {
        let next = monitor
            .run_due(now)
            .await?
            .next_at
            .min(end);
        for second in now.timestamp()..next.timestamp() {
            let is_second_half = 2 * second >= begin.timestamp() + end.timestamp();
            requests.record(Event::good_if(
                !(burns && is_second_half && second % 10 == 0),
            ));
        }
        now = next;
    }
    monitor.run_due(end).await?;
    let status = monitor
        .status(slo.id)
        .await?
        .ok_or("it was evaluated")?;
    let budget = status
        .budget
        .ok_or("something was measured")?;
    let alerts = monitor.open_alerts().await?;
    let wrong: Vec<_> = alerts
        .iter()
        .map(|alert| alert.alert_type().to_string())
        .collect();
    Ok(format!(
        "{declared:?}: {} of {} requests were bad, open are {wrong:?}",
        budget.consumed(),
        budget.counts().total(),
    ))
}

#[cfg(test)]
mod tests;
