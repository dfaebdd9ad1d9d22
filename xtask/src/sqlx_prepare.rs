//! `cargo xtask sqlx-prepare [--check]`: what sqlx's macros know of a store's statements.
//!
//! The macros ask a live database what a statement takes and gives, and write the answer to
//! `.sqlx/` of the store's crate, one file a statement, so that everybody else builds without a
//! database. They do so only when three things come together: the crate's own variable names a
//! database, `SQLX_OFFLINE_DIR` names a folder, and the crate is really compiled. So:
//!
//! 1. a database in a temporary folder gets the store's migrations ([`database`]);
//! 2. the crate is touched and checked, with the metadata going to another temporary folder
//!    ([`expand`]);
//! 3. that folder and `.sqlx/` are made equal, or compared ([`metadata`]): statements that are
//!    gone lose their file too.

mod database;
mod expand;
mod metadata;

use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::{say, tool};

/// What to do about a difference.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mode {
    /// Bring `.sqlx/` up to date.
    Write,
    /// Say what is not up to date, and fail.
    Check,
}

/// A crate with compile-checked statements.
#[derive(Clone, Copy, Debug)]
struct Store {
    /// The crate, and its folder.
    package: &'static str,
    /// Its tables.
    migrations: &'static str,
    /// The variable that its `sqlx.toml` names.
    url_variable: &'static str,
}

const STORES: [Store; 1] = [Store {
    package: "sre-store-sqlite",
    migrations: "migrations/sqlite",
    url_variable: "SRE_MONITOR_SQLITE_DATABASE_URL",
}];

/// Brings the metadata of every store up to date, or checks that it is.
pub(crate) fn run(mode: Mode) -> Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for store in STORES {
        let kept = tool::root()
            .join(store.package)
            .join(".sqlx");
        let scratch = tempfile::tempdir().context("making a temporary folder")?;
        let fresh = scratch.path().join("metadata");
        fs::create_dir(&fresh)?;

        let url = database::create(&store, scratch.path())?;
        expand::into(&store, &url, &fresh)?;

        let changes = metadata::compare(&kept, &fresh)?;
        say::line(&format!(
            "{}: {} statements",
            store.package,
            metadata::read(&fresh)?.len()
        ))?;
        for change in &changes {
            say::line(&format!("  {change}"))?;
        }
        match mode {
            Mode::Write => metadata::bring_up_to_date(&kept, &fresh)?,
            Mode::Check if changes.is_empty() => {}
            Mode::Check => {
                say::complaint("error: run `cargo xtask sqlx-prepare` and commit what it writes");
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}
