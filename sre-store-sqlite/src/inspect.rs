//! Looking at a store without opening it as one: nothing is made, migrated, locked or written.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sre_core::store::StoreError;

use crate::error::classify;
use crate::open::MIGRATOR;

/// What lies where a store is looked for.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Inspection {
    /// No file: one is made at the start.
    Missing,
    /// A file.
    Found {
        /// Its size.
        bytes: u64,
        /// Whether a process has it open as a store.
        is_in_use: bool,
        /// Its tables.
        schema: Schema,
    },
}

/// The tables of a store, beside those that this program knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Schema {
    /// They are the ones.
    Current,
    /// So many migrations are due.
    Due(usize),
    /// A later program has migrated them; this one cannot use them.
    Newer,
}

/// Looks at the file at `path`.
///
/// # Errors
///
/// What keeps it from being read: it is no database, or not for us.
pub async fn inspect(path: &Path) -> Result<Inspection, StoreError> {
    let Ok(found) = fs::metadata(path) else {
        return Ok(Inspection::Missing);
    };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .pragma("trusted_schema", "off");
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .map_err(classify)?;
    let schema = schema(&mut connection).await;
    connection
        .close()
        .await
        .map_err(classify)?;
    Ok(Inspection::Found {
        bytes: found.len(),
        is_in_use: is_locked(path),
        schema: schema?,
    })
}

async fn schema(connection: &mut SqliteConnection) -> Result<Schema, StoreError> {
    let tables: i64 = sqlx::query_scalar(
        "select count(*) from sqlite_master where type = 'table' and name = '_sqlx_migrations'",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(classify)?;
    let applied: BTreeSet<i64> = if tables == 0 {
        BTreeSet::new()
    } else {
        sqlx::query_scalar("select version from _sqlx_migrations where success")
            .fetch_all(connection)
            .await
            .map_err(classify)?
            .into_iter()
            .collect()
    };
    let known: BTreeSet<i64> = MIGRATOR
        .iter()
        .map(|migration| migration.version)
        .collect();
    Ok(if applied.is_subset(&known) {
        match known.len() - applied.len() {
            0 => Schema::Current,
            due => Schema::Due(due),
        }
    } else {
        Schema::Newer
    })
}

/// Whether another process holds the lock beside the file.
fn is_locked(path: &Path) -> bool {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    File::options()
        .write(true)
        .open(PathBuf::from(name))
        .is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, SqliteStore};

    #[tokio::test]
    async fn a_store_is_seen_as_it_is_and_left_as_it_was() {
        let room = tempfile::tempdir().unwrap();
        let path = room.path().join("store.db");
        assert_eq!(inspect(&path).await.unwrap(), Inspection::Missing);
        assert_eq!(
            fs::read_dir(room.path())
                .unwrap()
                .count(),
            0,
            "nothing was made"
        );

        let store = SqliteStore::open(&path, Options::default())
            .await
            .unwrap();
        let Inspection::Found {
            is_in_use, schema, ..
        } = inspect(&path).await.unwrap()
        else {
            panic!("it is there");
        };
        assert!(is_in_use);
        assert_eq!(schema, Schema::Current);
        store.close().await;
        drop(store);
        let seen = inspect(&path).await.unwrap();
        assert!(
            matches!(
                seen,
                Inspection::Found {
                    is_in_use: false,
                    ..
                }
            ),
            "{seen:?}"
        );
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_an_error() {
        let room = tempfile::tempdir().unwrap();
        let path = room.path().join("store.db");
        fs::write(
            &path,
            "this was never a database, and it is long enough to be read as one",
        )
        .unwrap();
        assert!(inspect(&path).await.is_err());
    }
}
