//! Rules over the text of the sources: who may be named where.
//!
//! They read lines, not syntax: good enough to catch a slip, and quick to understand when they
//! complain. Comments are not looked at.

use anyhow::Result;

use super::Finding;
use crate::files::{self, Text};

/// The composition root, the only room that introduces adapters to the rest.
const APP: [&str; 2] = ["sre-server/src/app.rs", "sre-server/src/app/"];

/// The file of a store that may ask the database for the time: behind the `Clock` port.
const CLOCK: &str = "/src/clock.rs";

/// How a statement begins, and what else is then in its first line (if anything).
const STATEMENTS: [(&str, &str); 8] = [
    ("alter table ", ""),
    ("create index ", ""),
    ("create table ", ""),
    ("delete from ", ""),
    ("insert into ", ""),
    ("pragma ", ""),
    ("select ", " from "),
    ("update ", " set "),
];

/// What reads the database's clock, in either dialect.
const CLOCKS: [&str; 8] = [
    "current_date",
    "current_time",
    "clock_timestamp",
    "statement_timestamp",
    "julianday(",
    "strftime(",
    "unixepoch(",
    "'now'",
];

/// Only the composition root names an adapter's crate.
pub(super) fn only_the_app_names_adapters(adapters: &[&str]) -> Result<Finding> {
    let crates: Vec<_> = adapters
        .iter()
        .map(|adapter| adapter.replace('-', "_"))
        .collect();
    let mut sources = files::below("sre-core/src", "rs")?;
    sources.extend(files::below("sre-server/src", "rs")?);
    sources.retain(|source| {
        !APP.iter()
            .any(|room| source.path.starts_with(room))
    });
    Ok(Finding {
        rule: "only the app names adapters",
        looked_at: format!("{} files for {}", sources.len(), crates.join(", ")),
        faults: faults(&sources, |line| names_one_of(line, &crates)),
    })
}

/// SQL is written in stores alone.
pub(super) fn only_stores_speak_sql(stores: &[String]) -> Result<Finding> {
    let mut sources = Vec::new();
    for package in files::folders_at_root("sre-")? {
        if !stores.contains(&package) {
            sources.extend(files::below(&format!("{package}/src"), "rs")?);
        }
    }
    Ok(Finding {
        rule: "only stores speak SQL",
        looked_at: format!("{} files outside of {}", sources.len(), stores.join(", ")),
        faults: faults(&sources, speaks_sql),
    })
}

/// Instants are arguments of statements; but for the one behind the clock port.
pub(super) fn sql_never_reads_a_clock(stores: &[String]) -> Result<Finding> {
    let mut sources = files::below("migrations", "sql")?;
    for store in stores {
        sources.extend(files::below(&format!("{store}/src"), "rs")?);
    }
    sources.retain(|source| !source.path.ends_with(CLOCK));
    Ok(Finding {
        rule: "SQL never reads a clock",
        looked_at: format!(
            "{} files of migrations and {}",
            sources.len(),
            stores.join(", ")
        ),
        faults: faults(&sources, reads_a_clock),
    })
}

/// Where `is_fault` holds: `path:line: text`.
fn faults(sources: &[Text], is_fault: impl Fn(&str) -> bool) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        for (index, line) in source.text.lines().enumerate() {
            let line = line.trim();
            if !is_comment(line) && is_fault(line) {
                faults.push(format!("{}:{}: {line}", source.path, index + 1));
            }
        }
    }
    faults
}

fn is_comment(line: &str) -> bool {
    line.starts_with("//") || line.starts_with("--")
}

fn names_one_of(line: &str, crates: &[String]) -> bool {
    crates
        .iter()
        .any(|name| line.contains(name.as_str()))
}

/// Whether `line` uses a driver, or begins a statement: at its own start, or in a literal.
fn speaks_sql(line: &str) -> bool {
    if line.contains("sqlx") {
        return true;
    }
    let line = line.to_lowercase();
    line.split('"').any(|part| {
        let part = part.trim_start();
        STATEMENTS
            .iter()
            .any(|(start, rest)| part.starts_with(start) && part.contains(rest))
    })
}

fn reads_a_clock(line: &str) -> bool {
    let line = line.to_lowercase();
    CLOCKS
        .iter()
        .any(|clock| line.contains(clock))
        || calls_now(&line)
}

/// Whether `line` calls SQL's `now()`; a method or a path of Rust, as `clock.now()`, is not that.
fn calls_now(line: &str) -> bool {
    line.match_indices("now()")
        .any(|(at, _)| {
            !line[..at].ends_with(|before: char| {
                before.is_alphanumeric() || ['_', '.', ':'].contains(&before)
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_with_its_place_and_comments_are_none() {
        let text = "//! uses sre_notify\n\nuse sre_notify::Webhook;\n".to_owned();
        let sources = [Text {
            path: "a/src/b.rs".to_owned(),
            text,
        }];
        let crates = ["sre_notify".to_owned()];
        assert_eq!(
            faults(&sources, |line| names_one_of(line, &crates)),
            ["a/src/b.rs:3: use sre_notify::Webhook;"]
        );
    }

    #[test]
    fn statements_are_found_at_the_start_of_a_line_and_in_literals() {
        for line in [
            "let rows = sqlx::query!(",
            r#"run("insert into slos values ($1)")"#,
            "SELECT id FROM slos",
            r#""update slos set name = $1""#,
            r#"execute("pragma integrity_check")"#,
        ] {
            assert!(speaks_sql(line), "{line}");
        }
    }

    #[test]
    fn ordinary_sentences_and_code_are_no_statements() {
        for line in [
            "select! {",
            r#"#[error("select one of the metrics")]"#,
            r#""update the definition""#,
            "ledger.insert(slice);",
            r#"bail!("cannot delete from a closed window")"#,
        ] {
            assert!(!speaks_sql(line), "{line}");
        }
    }

    #[test]
    fn every_way_to_ask_a_database_for_the_time_is_found() {
        for line in [
            "created_at timestamptz not null default now()",
            "where due_at <= NOW()",
            "default current_timestamp",
            "select strftime('%s', 'now')",
            "values (unixepoch())",
        ] {
            assert!(reads_a_clock(line), "{line}");
        }
    }

    #[test]
    fn an_instant_that_comes_in_as_an_argument_is_no_clock() {
        for line in [
            "where due_at <= $1",
            "let now = clock.now();",
            "fn now(&self) -> DateTime<Utc>",
            "let known()",
        ] {
            assert!(!reads_a_clock(line), "{line}");
        }
    }
}
