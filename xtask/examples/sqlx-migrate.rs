//! Applies a folder of migrations to a database: `sqlx-migrate URL FOLDER`.
//!
//! Sqlx's own migrator, so that what `cargo xtask sqlx-prepare` describes statements against is
//! what the service will have. Apart from `xtask`, because only this needs a database driver.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::str::FromStr as _;

use anyhow::{Context as _, Result, bail};
use sqlx::ConnectOptions as _;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr().lock(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[String]) -> Result<()> {
    let [url, folder] = arguments else {
        bail!("usage: sqlx-migrate URL FOLDER");
    };
    let migrations = Migrator::new(Path::new(folder))
        .await
        .with_context(|| format!("reading {folder}"))?;
    let mut connection = SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .connect()
        .await
        .with_context(|| format!("opening {url}"))?;
    migrations
        .run(&mut connection)
        .await
        .with_context(|| format!("applying {folder}"))
}
